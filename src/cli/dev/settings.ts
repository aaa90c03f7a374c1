// Settings of the dev server: the environment, then .dev.vars, checked before anything is started.
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import * as z from "zod";
import { Config, configProblems } from "../../config.ts";

const PORT_RANGE = "a whole number from 1 to 65535";

/** A leading `~` is the home directory: in a file there is no shell that would say so. */
const Path = z.string().transform((path) => path.replace(/^~(?=[/\\]|$)/, homedir()));

export const DevSettings = z.object({
  PORT: z.coerce.number(PORT_RANGE).int(PORT_RANGE).min(1, PORT_RANGE).max(65_535, PORT_RANGE).default(8210),
  /** All state of the server and its agents. */
  STATE_DIR: Path.default(".state"),
  RUNTIME: z.enum(["auto", "host", "docker"], { error: "one of auto, host, docker" }).default("auto"),
  /** `off` runs commands without a sandbox, at the machine owner's own risk. */
  HOST_SANDBOX: z.enum(["codex", "off"], { error: "one of codex, off" }).default("codex"),
  DEV_TOKEN: Config.shape.DEV_TOKEN,
  CODEX_AUTH_DIR: Path.optional(),
  OAUTH_TOKEN_STORAGE_PATH: Path.optional(),
});

export interface Settings extends z.infer<typeof DevSettings> {
  /** What the Worker gets, as text. */
  worker: Record<string, string>;
}

const VARS_FILE = ".dev.vars";

/** Relative paths start at `directory`, which is also where .dev.vars is. Throws an `Error` that names every bad variable. */
export function readSettings(directory: string, env: NodeJS.ProcessEnv): Settings {
  const given = { ...readVarsFile(directory), ...withoutEmpty(env) };
  const parsed = DevSettings.safeParse(given);
  const own = parsed.success ? [] : parsed.error.issues.map((issue) => describe(issue, given));
  const worker = Object.fromEntries(
    Object.keys(Config.shape).flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  );
  const problems = [...new Set([...own, ...configProblems(worker).map(({ message }) => message)])];
  if (!parsed.success || problems.length > 0) throw new Error(problems.join("\n"));
  return { ...parsed.data, STATE_DIR: resolve(directory, parsed.data.STATE_DIR), worker };
}

function readVarsFile(directory: string): Record<string, string> {
  const path = resolve(directory, VARS_FILE);
  try {
    return withoutEmpty(parseEnv(readFileSync(path, "utf8")));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw new Error(`${path} cannot be read. Mend its permissions, or remove it.`, { cause: error });
  }
}

/** A variable without a value counts as not set, so a line of `.dev.vars.example` may be left as it is. */
function withoutEmpty(env: NodeJS.Dict<string>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => !!entry[1]));
}

function describe(issue: z.core.$ZodIssue, given: Readonly<Record<string, string>>): string {
  const name = String(issue.path[0]);
  const value = /KEY|TOKEN|SECRET|PASSWORD/.test(name) ? "(hidden)" : JSON.stringify(given[name]);
  return `${name}=${value} is not allowed: it must be ${issue.message}.`;
}
