// The bearer token of the dev server. Kept with the rest of its state, so that a client that was added once stays valid.
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Config } from "../../config.ts";

/** Makes a token where the state directory holds none that the Worker would take. */
export function devToken(stateDir: string): string {
  const path = join(stateDir, "dev-token");
  const kept = Config.shape.DEV_TOKEN.safeParse(readText(path)?.trim());
  if (kept.success && kept.data !== undefined) return kept.data;
  const token = randomBytes(24).toString("base64url");
  writeFileSync(path, `${token}\n`, { mode: 0o600 });
  return token;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
