// The runner's settings, given by the Worker as environment variables at every start.
import * as z from "zod";
import { LOG_LEVELS } from "../lib/log.ts";
import { MODEL_BASE_URL, RUNNER_PORT } from "../protocol.ts";

const RunnerConfig = z.object({
  /** Bearer token of every route. */
  RUNNER_TOKEN: z.string().min(32),
  /** What Codex presents to the model gateway. */
  MODEL_TOKEN: z.string().min(1),
  MODEL_BASE_URL: z.url().default(MODEL_BASE_URL),
  /** Which start of the container this is; told back in `GET /health`. */
  INCARNATION: z.string().min(1),
  /** The agent's private directory. */
  DATA_DIR: z.string().min(1),
  /** Address to listen on: all of them inside a container, loopback on a developer's machine. */
  LISTEN_HOST: z.string().default("0.0.0.0"),
  /** 0 takes a free port, told in the line that says it is ready. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(RUNNER_PORT),
  /**
   * Whether the end of stdin means that the process which started this one is gone. So it is below the process host; in
   * a container stdin is at its end from the beginning.
   */
  ENDS_WITH_STDIN: z.stringbool().default(false),
  /** `codex`: Codex's own sandbox; `users`: the users of the container; `off`: none. */
  SANDBOX: z.enum(["codex", "users", "off"]).default("codex"),
  /** On SIGTERM, how long a turn at work may take to end. 0: everything ends at once. */
  DRAIN_SECONDS: z.coerce.number().int().nonnegative().default(0),
  /** Path of a Codex binary to use in place of the pinned one. */
  CODEX_BINARY: z.string().optional(),
  /**
   * For tests, which import repositories from their own machine: `host:port`, by commas, that may be private, and
   * authorities (PEM) in place of those that everybody trusts.
   */
  IMPORT_ALLOWED_HOSTS: z
    .string()
    .default("")
    .transform((text) => text.split(",").filter((host) => host !== "")),
  IMPORT_CA: z.string().optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS).default("INFO"),
});
export type RunnerConfig = z.infer<typeof RunnerConfig>;

/** Throws with a message that names each bad variable. */
export function readRunnerConfig(env: NodeJS.ProcessEnv): RunnerConfig {
  const parsed = RunnerConfig.safeParse(env);
  if (parsed.success) return parsed.data;
  throw new Error(`The runner cannot start:\n${z.prettifyError(parsed.error)}`);
}
