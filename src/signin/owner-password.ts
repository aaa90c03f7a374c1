// The one owner's password, plain or hashed in OWNER_PASSWORD.
import type { Account } from "../lib/account.ts";
import { equalsInConstantTime } from "../lib/constant-time.ts";
import { PASSWORD_HASH, rehash } from "../lib/password-hash.ts";
import { type SigningKey, sign } from "../lib/signature.ts";

/** More would only make hashing slow. */
const MAX_PASSWORD_CHARS = 1024;

export async function isOwnerPassword(given: string, stored: string): Promise<boolean> {
  if (given.length > MAX_PASSWORD_CHARS) return false;
  const presented = PASSWORD_HASH.test(stored) ? rehash(given, stored) : given.normalize("NFKC");
  return equalsInConstantTime(presented, PASSWORD_HASH.test(stored) ? stored : stored.normalize("NFKC"));
}

export async function ownerAccount(key: SigningKey, stored: string): Promise<Account> {
  return { method: "owner", password_tag: await sign(key, "owner-password", stored) };
}

/** False for what the owner began under a former password: who changes it wants everybody out. */
export async function isOfPresentPassword(account: Account, key: SigningKey, stored: string | undefined) {
  if (account.method !== "owner") return true;
  return stored !== undefined && account.password_tag === (await sign(key, "owner-password", stored));
}
