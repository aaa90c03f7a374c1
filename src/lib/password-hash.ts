// How OWNER_PASSWORD can be kept without the password itself: `scrypt:<N>:<r>:<p>:<salt>:<hash>`, without characters that a shell or
// a .env file would take for its own. Used by the Worker and by the command that makes one.
import { scryptSync } from "node:crypto";
import { fromBase64url, toBase64url } from "./base64url.ts";

export const MIN_PASSWORD_CHARS = 12;
/** 16 MiB, well below what a Worker has. https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html */
const COST = { N: 16_384, r: 8, p: 5 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const MAX_MEMORY_BYTES = 64 * 1024 * 1024;

export const PASSWORD_HASH = /^scrypt:(\d{1,6}):(\d{1,2}):(\d{1,2}):([\w-]{16,64}):([\w-]{43})$/;

export function hashPassword(password: string): string {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const { N, r, p } = COST;
  return ["scrypt", N, r, p, toBase64url(salt), toBase64url(derive(password, salt, COST))].join(":");
}

/** `stored` has the form of {@link PASSWORD_HASH}. Throws where its numbers are none that scrypt takes. */
export function rehash(password: string, stored: string): string {
  const [, N = "", r = "", p = "", salt = ""] = PASSWORD_HASH.exec(stored) ?? [];
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const hash = derive(password, fromBase64url(salt) ?? new Uint8Array(), cost);
  return ["scrypt", N, r, p, salt, toBase64url(hash)].join(":");
}

/** Unicode has several spellings of one text, and keyboards differ in which they send. */
function derive(password: string, salt: Uint8Array, cost: typeof COST): Uint8Array {
  return new Uint8Array(
    scryptSync(password.normalize("NFKC"), salt, HASH_BYTES, { ...cost, maxmem: MAX_MEMORY_BYTES }),
  );
}
