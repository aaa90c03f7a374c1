// Settings of the dev server: the environment, then .dev.vars, checked before anything is started.
import { resolve } from "node:path";
import * as z from "zod";
import { Config, configProblems } from "../../config.ts";
import { describeIssue, Path, Port, readVariables } from "../variables.ts";

export const DevSettings = z.object({
  PORT: Port.default(8210),
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

/** Relative paths start at `directory`, which is also where .dev.vars is. Throws an `Error` that names every bad variable. */
export function readSettings(directory: string, env: NodeJS.ProcessEnv): Settings {
  const given = readVariables(directory, env);
  const parsed = DevSettings.safeParse(given);
  const own = parsed.success ? [] : parsed.error.issues.map((issue) => describeIssue(issue, given));
  const worker = Object.fromEntries(
    Object.keys(Config.shape).flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  );
  const problems = [...new Set([...own, ...configProblems(worker).map(({ message }) => message)])];
  if (!parsed.success || problems.length > 0) throw new Error(problems.join("\n"));
  return { ...parsed.data, STATE_DIR: resolve(directory, parsed.data.STATE_DIR), worker };
}
