// Which Codex credential the dev server uses, and where it came from.
import { readFileSync } from "node:fs";
import { Config } from "../../config.ts";
import { AppError } from "../../errors.ts";
import { chooseCredential } from "../../fleet/choose-credential.ts";
import { type AuthFile, readAuthFile } from "../../lib/auth-file.ts";

export interface FoundCredential {
  /** From a file; what the settings say stays there. */
  apiKey: string | undefined;
  /** The auth.json that holds a ChatGPT login for the server. */
  loginFile: string | undefined;
  /** For the banner. Never holds the credential. */
  description: string;
}

const ADVICE =
  "Run `npm run login`, or set OPENAI_API_KEY in .dev.vars or in the environment, then start again; or connect one on the account page.";

/** `worker` is what the settings say; `path` is where a Codex of this machine keeps its login. */
export function findCredential(worker: Readonly<Record<string, string>>, path: string): FoundCredential {
  const config = Config.parse(worker);
  const file = readFile(path);
  const isFileUsed = typeof file !== "string" && isWanted(file, config);
  const login = isFileUsed && file.method === "oauth" ? path : undefined;
  const apiKey = isFileUsed && file.method === "api_key" ? file.api_key : undefined;
  const choice = chooseCredential(config, {
    own: { oauth: false, api_key: false },
    server: {
      oauth: config.CHATGPT_OAUTH_TOKEN !== undefined || login !== undefined,
      api_key: config.OPENAI_API_KEY !== undefined || apiKey !== undefined,
    },
  });
  return { apiKey, loginFile: login, description: describe() };

  function describe(): string {
    if (choice?.method === "oauth") return `ChatGPT login from ${login ?? "CHATGPT_OAUTH_TOKEN"}`;
    if (choice?.method === "api_key") return `API key from ${apiKey === undefined ? "OPENAI_API_KEY" : path}`;
    const found = typeof file === "string" ? file : `CODEX_AUTH_METHOD=${config.CODEX_AUTH_METHOD} rules out ${path}`;
    return `none (no OPENAI_API_KEY, ${found}). ${ADVICE}`;
  }
}

/** What the settings hold comes before a file of the same kind. */
function isWanted(file: AuthFile, { CODEX_AUTH_METHOD, CHATGPT_OAUTH_TOKEN, OPENAI_API_KEY }: Config): boolean {
  if (CODEX_AUTH_METHOD !== "auto" && CODEX_AUTH_METHOD !== file.method) return false;
  return (file.method === "oauth" ? CHATGPT_OAUTH_TOKEN : OPENAI_API_KEY) === undefined;
}

/** What is wrong, as text, where there is no usable one. */
function readFile(path: string): AuthFile | string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return `no ${path}`;
  }
  try {
    return readAuthFile(text);
  } catch (error) {
    if (error instanceof AppError) return `${path}: ${error.message.replace(/\.$/, "")}`;
    throw error;
  }
}
