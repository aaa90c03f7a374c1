// The process host's settings, from the program that starts it.
import * as z from "zod";
import { LOG_LEVELS } from "../lib/log.ts";

const HostConfig = z.object({
  /** Bearer token of every route. */
  HOST_TOKEN: z.string().min(32),
  /** Loopback port; 0 takes a free one. */
  HOST_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  /** Each agent gets a directory below this one. */
  AGENTS_DIR: z.string().min(1),
  /** The program that is an agent's body: a path that Node runs. */
  RUNNER_ENTRY: z.string().min(1),
  /** Where the Worker's model gateway listens: what `http://model.internal/v1` means to a runner here. */
  GATEWAY_URL: z.url(),
  SANDBOX: z.enum(["codex", "off"]).default("codex"),
  LOG_LEVEL: z.enum(LOG_LEVELS).default("INFO"),
});
export type HostConfig = z.infer<typeof HostConfig>;

/** Throws with a message that names each bad variable. */
export function readHostConfig(env: NodeJS.ProcessEnv): HostConfig {
  const parsed = HostConfig.safeParse(env);
  if (parsed.success) return parsed.data;
  throw new Error(`The process host cannot start:\n${z.prettifyError(parsed.error)}`);
}
