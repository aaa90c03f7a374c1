// What a grant remembers of the person who gave it. The library keeps it encrypted under the grant's own tokens.
import * as z from "zod";
import { readConfig } from "../config.ts";
import { signingKey } from "../fleet/fleet-of.ts";
import { Account } from "../lib/account.ts";
import { isAllowed } from "../signin/allowed-users.ts";
import { isOfPresentPassword } from "../signin/owner-password.ts";

export const GrantProps = z.object({ account: Account });
export type GrantProps = z.infer<typeof GrantProps>;

/** Asked at each use: who is taken off the list, or gave the grant under a former password, is out. */
export async function isWelcome(props: unknown, env: Cloudflare.Env): Promise<boolean> {
  const parsed = GrantProps.safeParse(props);
  if (!parsed.success) return false;
  const config = readConfig(env);
  const { account } = parsed.data;
  if (!isAllowed(account, config)) return false;
  return isOfPresentPassword(account, await signingKey(env.FLEET), config.OWNER_PASSWORD);
}
