// Secrets of the dev server that it makes itself and keeps with the rest of its state: a client that was added once stays valid,
// and what was encrypted can be read after the next start.
import { randomBytes, randomInt } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Config } from "../../config.ts";

/** The bearer token of the clients. */
export function devToken(stateDir: string): string {
  return keptSecret(join(stateDir, "dev-token"), Config.shape.DEV_TOKEN, () => randomBytes(24).toString("base64url"));
}

export function encryptionKey(stateDir: string): string {
  const make = () => `dev:${randomBytes(32).toString("base64")}`;
  return keptSecret(join(stateDir, "encryption-key"), Config.shape.ENCRYPTION_KEY, make);
}

/** Without characters that are taken for each other. */
const ALPHABET = "abcdefghjkmnpqrstvwxyz23456789";

/** For signing in with a browser: four groups, 98 random bits. */
export function ownerPassword(stateDir: string): string {
  const group = (): string => Array.from({ length: 5 }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
  const make = () => [group(), group(), group(), group()].join("-");
  return keptSecret(join(stateDir, "owner-password"), Config.shape.OWNER_PASSWORD, make);
}

/** Made anew where the file holds none that the Worker would take. */
function keptSecret(
  path: string,
  schema: { safeParse(text: unknown): { success: boolean } },
  make: () => string,
): string {
  const kept = readText(path)?.trim() ?? "";
  if (kept !== "" && schema.safeParse(kept).success) return kept;
  const secret = make();
  writeFileSync(path, `${secret}\n`, { mode: 0o600 });
  return secret;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
