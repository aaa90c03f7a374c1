// Encryption of what is stored: AES-256-GCM under the keys of ENCRYPTION_KEY. The first key seals; each of them opens.
import { AppError } from "../errors.ts";

export interface EncryptionKey {
  /** Shown in messages. */
  id: string;
  /** 32 bytes. */
  key: Uint8Array;
}

export interface Sealed {
  key_id: string;
  /** The nonce, then the ciphertext with its tag. */
  bytes: Uint8Array;
}

const NONCE_BYTES = 12;
const HOW_TO_MAKE = "Set it to 32 random bytes in base64 (`openssl rand -base64 32`), by `wrangler secret put`.";

export class SealKeys {
  readonly #keys: readonly EncryptionKey[];

  constructor(keys: readonly EncryptionKey[]) {
    this.#keys = keys;
  }

  /** The id of the key that seals; undefined where there is none. */
  get current(): string | undefined {
    return this.#keys[0]?.id;
  }

  /** `context` must be the same at {@link open}: so what is sealed for one user and purpose is worth nothing for another. */
  async seal(text: string, context: string): Promise<Sealed> {
    const [first] = this.#keys;
    if (first === undefined) {
      throw new AppError(
        "misconfigured",
        `Credentials are stored encrypted, and ENCRYPTION_KEY is not set. ${HOW_TO_MAKE}`,
      );
    }
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const key = await importKey(first);
    const sealed = await crypto.subtle.encrypt(algorithm(nonce, context), key, new TextEncoder().encode(text));
    const bytes = new Uint8Array(NONCE_BYTES + sealed.byteLength);
    bytes.set(nonce);
    bytes.set(new Uint8Array(sealed), NONCE_BYTES);
    return { key_id: first.id, bytes };
  }

  /** Throws `credential_unreadable`, which says which key is missing or wrong. */
  async open({ key_id, bytes }: Sealed, context: string): Promise<string> {
    const found = this.#keys.find(({ id }) => id === key_id);
    if (found === undefined) {
      throw unreadable(
        this.#keys.length === 0
          ? "ENCRYPTION_KEY is not set"
          : `its key, with the id "${key_id}", is not in ENCRYPTION_KEY`,
      );
    }
    try {
      const [nonce, sealed] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES)];
      const opened = await crypto.subtle.decrypt(algorithm(nonce, context), await importKey(found), sealed);
      return new TextDecoder().decode(opened);
    } catch (cause) {
      throw unreadable(`the key with the id "${key_id}" in ENCRYPTION_KEY is another one than sealed it`, cause);
    }
  }
}

function algorithm(iv: Uint8Array, context: string) {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(context) };
}

function importKey({ key }: EncryptionKey) {
  return crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);
}

function unreadable(problem: string, cause?: unknown): AppError {
  const message = `The stored credential cannot be decrypted: ${problem}. Put the earlier key back into ENCRYPTION_KEY, behind the new one, or connect the credential again.`;
  return new AppError("credential_unreadable", message, { cause });
}
