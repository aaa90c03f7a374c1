// ENCRYPTION_KEY as text: one key, or a list `id:key,id:key` while keys are changed.
import type { EncryptionKey } from "./seal.ts";

const KEY_BYTES = 32;
/** The id of a key that was given without one. */
const DEFAULT_ID = "default";
const ENTRY = /^(?:([\w.-]{1,32}):)?([A-Za-z0-9+/_-]{43}=?)$/;

/** Null for a text that is no list of keys, each with an id of its own. */
export function parseEncryptionKeys(text: string): EncryptionKey[] | null {
  const keys: EncryptionKey[] = [];
  for (const entry of text.split(",").map((part) => part.trim())) {
    const [, id = DEFAULT_ID, encoded] = ENTRY.exec(entry) ?? [];
    if (encoded === undefined || keys.some((each) => each.id === id)) return null;
    const binary = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
    if (binary.length !== KEY_BYTES) return null;
    keys.push({ id, key: Uint8Array.from(binary, (char) => char.charCodeAt(0)) });
  }
  return keys;
}
