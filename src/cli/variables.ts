// Variables of the programs on a developer's machine: the environment, then .dev.vars.
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import * as z from "zod";

const PORT_RANGE = "a whole number from 1 to 65535";
const VARS_FILE = ".dev.vars";

export const Port = z.coerce.number(PORT_RANGE).int(PORT_RANGE).min(1, PORT_RANGE).max(65_535, PORT_RANGE);

/** A leading `~` is the home directory: in a file there is no shell that would say so. */
export const Path = z.string().transform((path) => path.replace(/^~(?=[/\\]|$)/, homedir()));

/** .dev.vars is in `directory`. */
export function readVariables(directory: string, env: NodeJS.ProcessEnv): Record<string, string> {
  return { ...readVarsFile(directory), ...withoutEmpty(env) };
}

/** Names the variable, its value (a secret's stays hidden) and what is allowed. */
export function describeIssue(issue: z.core.$ZodIssue, given: Readonly<Record<string, string>>): string {
  const name = String(issue.path[0]);
  const value = /KEY|TOKEN|SECRET|PASSWORD/.test(name) ? "(hidden)" : JSON.stringify(given[name]);
  return `${name}=${value} is not allowed: it must be ${issue.message}.`;
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
