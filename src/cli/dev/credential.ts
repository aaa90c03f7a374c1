// Which Codex credential the dev server uses, and where it came from.
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { Config } from "../../config.ts";

export interface FoundCredential {
  apiKey: string | undefined;
  /** For the banner. Never holds the credential. */
  description: string;
}

const AuthFile = z.object({
  OPENAI_API_KEY: z.string().nullish(),
  tokens: z.object({ access_token: z.string() }).nullish(),
});

const ADVICE = "Set OPENAI_API_KEY in .dev.vars or in the environment, then start again.";

/** `apiKey` is OPENAI_API_KEY of the settings; `authDir` is CODEX_AUTH_DIR. Looks at Codex's own files after that. */
export function findCredential(apiKey: string | undefined, authDir: string | undefined): FoundCredential {
  if (apiKey !== undefined) return { apiKey, description: "API key from OPENAI_API_KEY" };
  const path = join(authDir ?? process.env.CODEX_HOME ?? join(homedir(), ".codex"), "auth.json");
  const text = readText(path);
  if (text === undefined) return none(`no OPENAI_API_KEY, no ${path}`);
  const file = AuthFile.safeParse(parseJson(text));
  if (!file.success) return none(`${path} is not an auth.json of Codex`);
  const { OPENAI_API_KEY, tokens } = file.data;
  if (OPENAI_API_KEY) {
    const isUsable = Config.shape.OPENAI_API_KEY.safeParse(OPENAI_API_KEY).success;
    if (!isUsable) return none(`what ${path} holds is not an API key`);
    return { apiKey: OPENAI_API_KEY, description: `API key from ${path}` };
  }
  return none(tokens ? `${path} holds a ChatGPT login, which this version cannot use` : `${path} holds no API key`);
}

function none(reason: string): FoundCredential {
  return { apiKey: undefined, description: `none (${reason}). ${ADVICE}` };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
