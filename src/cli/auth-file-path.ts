// Where a Codex on this machine keeps its login, or is to keep it.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export interface AuthFileSettings {
  OAUTH_TOKEN_STORAGE_PATH?: string | undefined;
  CODEX_AUTH_DIR?: string | undefined;
}

const FILE = "auth.json";

/** The first of the usual places that has one; where none has, the one where it belongs. A setting rules out all others. */
export function authFilePath(
  { OAUTH_TOKEN_STORAGE_PATH, CODEX_AUTH_DIR }: AuthFileSettings,
  env: NodeJS.ProcessEnv,
): string {
  if (OAUTH_TOKEN_STORAGE_PATH !== undefined) return OAUTH_TOKEN_STORAGE_PATH;
  if (CODEX_AUTH_DIR !== undefined) return join(CODEX_AUTH_DIR, FILE);
  if (env.CODEX_HOME) return join(env.CODEX_HOME, FILE);
  const usual = join(homedir(), ".codex", FILE);
  // The Windows side of a machine, as seen from a shell that has another home.
  const windows = env.USERPROFILE ? join(env.USERPROFILE, ".codex", FILE) : usual;
  return !existsSync(usual) && existsSync(windows) ? windows : usual;
}
