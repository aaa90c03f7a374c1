// The account page and its forms.
import { type Context, Hono } from "hono";
import { AppError, unwrap } from "../errors.ts";
import { signingKey } from "../fleet/fleet-of.ts";
import { newHandle, writeHandle } from "../lib/handle.ts";
import { AccountPage, type AccountPageProps } from "./account-page.tsx";
import { oauthOf, render, type SignedInEnv } from "./context.ts";
import { NEW_TOKEN_RULES, NewTokenFields } from "./new-token-form.tsx";
import { signedIn } from "./signed-in.ts";

const DAY_MS = 86_400_000;
const MAX_CLIENTS = 100;

export const account = new Hono<SignedInEnv>();

account.use("/account/*", signedIn);

account.get("/account", (c) => showAccount(c));

account.post("/account/tokens", async (c) => {
  const fields = NewTokenFields.safeParse(await c.req.parseBody({ all: true }));
  if (!fields.success) return showAccount(c, { problem: NEW_TOKEN_RULES, isTokenProblem: true });
  const { name, days, scope } = fields.data;
  const handle = newHandle(c.get("session").userId);
  const { id, secret } = handle;
  const added = await directoryOf(c).addToken({
    id,
    secret,
    name,
    scopes: scope,
    expires_at: Date.now() + days * DAY_MS,
  });
  if (!added.ok) return showAccount(c, { problem: added.message, isTokenProblem: true });
  c.get("log").info("personal access token made", { token_id: id, scopes: scope });
  return showAccount(c, { newToken: await writeHandle(await signingKey(c.env.FLEET), "pcx_pat", handle) });
});

account.post("/account/tokens/:id/revoke", async (c) => {
  await directoryOf(c).revokeToken(c.req.param("id"));
  return c.redirect("/account", 303);
});

account.post("/account/clients/:id/disconnect", async (c) => {
  // Grants are kept under their user: an id of somebody else's finds nothing.
  const id = c.req.param("id");
  if (!/^[\w-]{1,64}$/.test(id)) throw new AppError("not_found", "There is no such client.");
  await oauthOf(c).revokeGrant(id, c.get("session").userId);
  return c.redirect("/account", 303);
});

export async function showAccount(
  c: Context<SignedInEnv>,
  news: Pick<AccountPageProps, "newToken" | "problem" | "isTokenProblem"> = {},
) {
  const { account: of, userId } = c.get("session");
  const [tokens, credential, { items }] = await Promise.all([
    directoryOf(c).listTokens(),
    directoryOf(c).credentialStatus(),
    oauthOf(c).listUserGrants(userId, { limit: MAX_CLIENTS }),
  ]);
  const clients = items.toSorted((a, b) => b.createdAt - a.createdAt);
  const page = {
    account: of,
    origin: c.get("origin"),
    tokens,
    clients,
    credential: unwrap(credential),
    now: Date.now(),
    ...news,
  };
  return render(c, <AccountPage {...page} />, news.problem === undefined ? 200 : 400);
}

export function directoryOf(c: Context<SignedInEnv>) {
  return c.env.DIRECTORY.getByName(c.get("session").userId);
}
