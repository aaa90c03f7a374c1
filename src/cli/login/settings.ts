// Settings and arguments of `npm run login`: the environment, then .dev.vars.
import { parseArgs } from "node:util";
import * as z from "zod";
import { Config } from "../../config.ts";
import { CODEX_CLIENT_ID } from "../../lib/auth-file.ts";
import { describeIssue, Path, Port, readVariables } from "../variables.ts";

const SECONDS = "a whole number of seconds from 10 to 3600";
const FLAG = "true or false";

export const LoginSettings = z.object({
  OAUTH_CLIENT_ID: z
    .string()
    .regex(/^[\w.-]{1,128}$/, "a client id of OpenAI's auth server")
    .default(CODEX_CLIENT_ID),
  OAUTH_CALLBACK_PORT: Port.default(8765),
  OAUTH_CALLBACK_TIMEOUT: z.coerce.number(SECONDS).int(SECONDS).min(10, SECONDS).max(3_600, SECONDS).default(300),
  OAUTH_AUTO_OPEN_BROWSER: z
    .enum(["true", "false"], { error: FLAG })
    .transform((text) => text === "true")
    .default(true),
  OAUTH_TOKEN_STORAGE_PATH: Path.optional(),
  CODEX_AUTH_DIR: Path.optional(),
  OPENAI_AUTH_URL: Config.shape.OPENAI_AUTH_URL,
  SERVER_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, "a bearer token")
    .optional(),
  DEV_TOKEN: Config.shape.DEV_TOKEN,
});
export type LoginSettings = z.infer<typeof LoginSettings>;

export interface Arguments {
  /** Where the login goes; undefined: it stays on this machine. */
  server: URL | undefined;
  /** Where it comes from. `found`: an auth.json, else the browser. */
  from: "found" | "browser" | "device";
  file: string | undefined;
}

export const USAGE = `npm run login -- [server URL] [--browser | --device] [--file <auth.json>]

  Gives a server your ChatGPT login (or API key): that of the Codex on this machine, or a new one.
  Without a URL it stays on this machine, where \`npm run dev\` finds it.

  --browser   makes a new login, in a browser on this machine
  --device    makes a new login with a code that you type into a browser on any machine
  --file      takes this auth.json

  SERVER_TOKEN   bearer token for the server, with the scope codex:admin`;

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Throws an `Error` that names every bad variable. */
export function readLoginSettings(directory: string, env: NodeJS.ProcessEnv): LoginSettings {
  const given = readVariables(directory, env);
  const parsed = LoginSettings.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new Error(parsed.error.issues.map((issue) => describeIssue(issue, given)).join("\n"));
}

/** Null where help is asked for. Throws an `Error` that says what is wrong. */
export function readArguments(args: string[]): Arguments | null {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      browser: { type: "boolean", default: false },
      device: { type: "boolean", default: false },
      file: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const [server, ...more] = positionals;
  const sources = [values.browser, values.device, values.file !== undefined].filter(Boolean);
  if (more.length > 0 || sources.length > 1) throw new Error(`Too many arguments.\n\n${USAGE}`);
  return {
    server: server === undefined ? undefined : readServer(server),
    from: values.device ? "device" : values.browser ? "browser" : "found",
    file: values.file,
  };
}

/** What is sent there is worth an account: never in the clear over a network. */
function readServer(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new Error(`${text} is no http or https URL.`);
  if (url.protocol === "http:" && !LOOPBACK.has(url.hostname)) {
    throw new Error(`${text} would get your login unencrypted. Use https.`);
  }
  return url;
}
