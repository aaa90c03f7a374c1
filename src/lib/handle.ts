// A secret that its holder presents later (an access token, a browser session). The text says whose it is, so that no lookup over
// all users is needed, and is signed: what this deployment did not hand out is turned away before any user's storage is touched.
import { toBase64url } from "./base64url.ts";
import { isSigned, type SigningKey, sign, TAG_CHARS } from "./signature.ts";

export interface Handle {
  userId: string;
  id: string;
  /** 256 random bits. Only its hash is stored. */
  secret: string;
}

/** How the texts begin; secret scanners can look for it. */
export type HandleKind = "pcx_pat" | "pcx_session";

const SECRET_CHARS = 43;
const PARTS = new RegExp(`^_([a-z0-9-]{1,48})_([0-9a-f]{16})_([\\w-]{${SECRET_CHARS}})([\\w-]{${TAG_CHARS}})$`);

/** A new id and a new secret. */
export function newHandle(userId: string): Handle {
  const id = [...randomBytes(8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { userId, id, secret: toBase64url(randomBytes(32)) };
}

/** For example `pcx_pat_owner_0123456789abcdef_…`. */
export async function writeHandle(key: SigningKey, kind: HandleKind, { userId, id, secret }: Handle): Promise<string> {
  const body = `_${userId}_${id}_${secret}`;
  return `${kind}${body}${await sign(key, kind, body)}`;
}

/** Null for what this deployment did not write. Whether it is still good is for the user's storage to say. */
export async function readHandle(key: SigningKey, kind: HandleKind, text: string): Promise<Handle | null> {
  if (!text.startsWith(kind)) return null;
  const [body, userId, id, secret, tag] = PARTS.exec(text.slice(kind.length)) ?? [];
  if (body === undefined || userId === undefined || id === undefined || secret === undefined || tag === undefined)
    return null;
  return (await isSigned(key, kind, body.slice(0, -TAG_CHARS), tag)) ? { userId, id, secret } : null;
}

function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}
