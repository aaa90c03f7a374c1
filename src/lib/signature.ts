// Marks text as written by this deployment (HMAC-SHA-256), so that what comes back from outside can be told from what was made up.
import { fromBase64url, toBase64url } from "./base64url.ts";

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

export async function isSigned(key: SigningKey, purpose: string, text: string, tag: string): Promise<boolean> {
  const given = fromBase64url(tag);
  const right = await tagOf(key, purpose, text);
  if (given?.length !== right.length) return false;
  let difference = 0;
  for (const [index, byte] of right.entries()) difference |= byte ^ (given[index] ?? 0);
  return difference === 0;
}

async function tagOf(key: SigningKey, purpose: string, text: string): Promise<Uint8Array> {
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(JSON.stringify([purpose, text])));
  return new Uint8Array(mac).slice(0, TAG_BYTES);
}
