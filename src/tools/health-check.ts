import * as z from "zod";
import { sessionLimits } from "../agent/session-limits.ts";
import { isolateAgeSeconds } from "../lib/isolate-age.ts";
import { CODEX_VERSION, VERSION } from "../version.ts";
import type { CallContext } from "./call-context.ts";
import type { CredentialInfo } from "./credential-info.ts";
import { type Check, checkContainers, checkCredentials, checkDirectory } from "./health-checks.ts";
import { definePlainTool, READ_ONLY } from "./plain-tool.ts";

interface Health {
  status: "ok" | "degraded" | "down";
  version: string;
  codex_version: string;
  /** Of the isolate that answers: other requests may meet a younger or an older one. */
  uptime_seconds: number;
  /** The caller's own agents whose container is up. */
  active_sessions: number;
  timestamp: string;
  auth_method: CredentialInfo["method"];
  /** Null where the directory of agents does not answer. */
  credential: CredentialInfo | null;
  checks: Check[];
  /** Null: no limit. */
  limits: Record<string, number | null>;
}

export const healthCheck = definePlainTool({
  name: "health_check",
  title: "Check the server's health",
  description: "Checks storage, agent registry, containers and model access. Spends no tokens.",
  annotations: { ...READ_ONLY, openWorldHint: true },
  input: z.strictObject({}),
  output: { status: "string", checks: "array" },
  run: async (_, context): Promise<Health> => {
    const [directory, containers, credentials] = await Promise.all([
      checkDirectory(context),
      checkContainers(context),
      checkCredentials(context),
    ]);
    const checks = [...directory.checks, containers, credentials.check];
    return {
      status: statusOf(checks),
      version: VERSION,
      codex_version: CODEX_VERSION,
      uptime_seconds: isolateAgeSeconds(),
      active_sessions: directory.up,
      timestamp: new Date().toISOString(),
      auth_method: credentials.info?.method ?? "none",
      credential: credentials.info,
      checks,
      limits: limitsOf(context),
    };
  },
  text: ({ status, version, checks }) =>
    [
      `**${status}** (version ${version})`,
      ...checks.map(({ name, ok, detail }) => `- ${ok ? "✓" : "✗"} ${name}: ${detail}`),
    ].join("\n"),
});

/** Without storage no call can be served; without anything else, what is stored can still be read. */
function statusOf(checks: readonly Check[]): Health["status"] {
  if (checks.some(({ name, ok }) => name === "storage" && !ok)) return "down";
  return checks.every(({ ok }) => ok) ? "ok" : "degraded";
}

function limitsOf({ config }: CallContext): Health["limits"] {
  const sessions = sessionLimits(config);
  return {
    max_concurrent_sessions: sessions.all,
    max_sessions_per_user: sessions.user,
    max_tokens_per_turn: config.MAX_TOKENS_PER_TURN ?? null,
    max_tokens_per_day: config.MAX_TOKENS_PER_DAY ?? null,
    session_timeout_seconds: config.SESSION_TIMEOUT,
    turn_wait_seconds: config.TURN_WAIT_SECONDS,
    turn_timeout_seconds: config.TURN_TIMEOUT_SECONDS,
    result_ttl_seconds: config.RESULT_TTL_SECONDS,
  };
}
