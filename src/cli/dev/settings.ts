// Settings of the dev server: the environment, then .dev.vars, checked before anything is started.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import * as z from "zod";
import { Config, configProblems } from "../../config.ts";

const DevSettings = z.object({
  PORT: z.coerce.number({ error: "a port from 1 to 65535" }).int().min(1).max(65_535).default(8210),
  /** All state of the server and its agents. */
  STATE_DIR: z.string().min(1).default(".state"),
  RUNTIME: z.enum(["auto", "host", "docker"], { error: "one of auto, host, docker" }).default("auto"),
  /** `off` runs commands without a sandbox, at the machine owner's own risk. */
  HOST_SANDBOX: z.enum(["codex", "off"], { error: "one of codex, off" }).default("codex"),
  DEV_TOKEN: Config.shape.DEV_TOKEN,
  CODEX_AUTH_DIR: z.string().optional(),
});

export interface Settings extends z.infer<typeof DevSettings> {
  DEV_TOKEN: string;
  /** What the Worker gets, as text. */
  worker: Record<string, string>;
}

const VARS_FILE = ".dev.vars";

/** Throws an `Error` that names every bad variable. */
export function readSettings(root: string, env: NodeJS.ProcessEnv): Settings {
  const given = { ...readVarsFile(root), ...withoutEmpty(env) };
  const parsed = DevSettings.safeParse(given);
  const own = parsed.success ? [] : parsed.error.issues.map((issue) => describe(issue, given));
  const worker = Object.fromEntries(
    Object.keys(Config.shape).flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  );
  const problems = [...new Set([...own, ...configProblems(worker)])];
  if (!parsed.success || problems.length > 0) throw new Error(problems.join("\n"));
  const DEV_TOKEN = parsed.data.DEV_TOKEN ?? randomBytes(24).toString("base64url");
  return { ...parsed.data, DEV_TOKEN, STATE_DIR: resolve(root, parsed.data.STATE_DIR), worker };
}

function readVarsFile(root: string): Record<string, string> {
  try {
    return withoutEmpty(parseEnv(readFileSync(resolve(root, VARS_FILE), "utf8")));
  } catch {
    return {};
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
