// Marks text as written by this deployment (HMAC-SHA-256), so that what comes back from outside can be told from what was made up.
import { toBase64url } from "./base64url.ts";
import { equalsInConstantTime } from "./constant-time.ts";

/** 22 characters of base64url: 128 bits. */
const TAG_BYTES = 16;
export const TAG_CHARS = 22;

/** The platform's CryptoKey, for HMAC. */
export type SigningKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

export function importSigningKey(secret: string): Promise<SigningKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", new TextEncoder().encode(secret), algorithm, false, ["sign"]);
}

/** `purpose` keeps what was signed for one thing from passing for another. */
export async function sign(key: SigningKey, purpose: string, text: string): Promise<string> {
  return toBase64url(await tagOf(key, purpose, text));
}

/** Only the one text that {@link sign} gives counts: base64url has several for the same bytes. */
export async function isSigned(key: SigningKey, purpose: string, text: string, tag: string): Promise<boolean> {
  return equalsInConstantTime(tag, await sign(key, purpose, text));
}

async function tagOf(key: SigningKey, purpose: string, text: string): Promise<Uint8Array> {
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(JSON.stringify([purpose, text])));
  return new Uint8Array(mac).slice(0, TAG_BYTES);
}
