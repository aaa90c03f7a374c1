import * as z from "zod";
import { unwrap } from "../errors.ts";
import type { AgentState } from "../lib/agent-report.ts";
import { mapConcurrently } from "../lib/map-concurrently.ts";
import { agentOf, type CallContext, directoryOf } from "./call-context.ts";
import { AgentId } from "./fields.ts";
import { definePlainTool } from "./plain-tool.ts";
import { toFailure } from "./run-codex-tool.ts";

interface Cleanup {
  dry_run: boolean;
  stopped: { agent_id: string; inactive_seconds: number; deleted: boolean }[];
  left: { agent_id: string; reason: string }[];
  /** Whether another call would find more. */
  has_more: boolean;
}

type Result =
  | { kind: "stopped"; row: Cleanup["stopped"][number] }
  | { kind: "left"; row: Cleanup["left"][number] }
  | { kind: "gone" };

/** One call ends within the time that callers wait. */
const MAX_AGENTS = 100;
const AT_ONCE = 8;

const CleanupInput = z.strictObject({
  inactive_for_seconds: z.number().int().min(0).max(31_536_000).optional().describe("Default SESSION_TIMEOUT"),
  delete_data: z.boolean().default(false).describe("Delete all they have, for good"),
  dry_run: z.boolean().default(false),
  agent_id: AgentId.optional().describe("Only this one"),
});

export const cleanupInactiveAgents = definePlainTool({
  name: "cleanup_inactive_agents",
  title: "Clean up inactive agents",
  description: "Stops your idle agents. One with a turn at work or queued is left alone.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  scope: "codex:admin",
  input: CleanupInput,
  output: { dry_run: "boolean", stopped: "array", left: "array", has_more: "boolean" },
  run: async (input, context): Promise<Cleanup> => {
    const inactiveMs = (input.inactive_for_seconds ?? context.config.SESSION_TIMEOUT) * 1_000;
    const since = Date.now() - inactiveMs;
    const { rows, up } = await candidates(input, since, context);
    const work = (row: AgentState): Promise<Result> => retire(row, since, input, context);
    const results = await mapConcurrently(rows.slice(0, MAX_AGENTS), AT_ONCE, work);
    return {
      dry_run: input.dry_run,
      stopped: results.flatMap((result) => (result.kind === "stopped" ? [result.row] : [])),
      left: [...results.flatMap((result) => (result.kind === "left" ? [result.row] : [])), ...inUse(up, rows)],
      has_more: rows.length > MAX_AGENTS,
    };
  },
  text: ({ dry_run, stopped, left }) =>
    [
      `**${dry_run ? "Would stop" : "Stopped"} ${stopped.length} agent(s)**`,
      ...stopped.map(({ agent_id, deleted }) => `- ${agent_id}${deleted ? ", with all its data" : ""}`),
      ...left.map(({ agent_id, reason }) => `- left ${agent_id}: ${reason}`),
    ].join("\n"),
});

/** Who may be stopped, and who is up. */
async function candidates(
  { agent_id, delete_data }: z.infer<typeof CleanupInput>,
  since: number,
  context: CallContext,
): Promise<{ rows: AgentState[]; up: AgentState[] }> {
  const directory = directoryOf(context);
  if (agent_id !== undefined) return { rows: unwrap(await directory.list({ agent_id, limit: 1 })).agents, up: [] };
  // What sleeps needs no stop, but it has data. One row more shows whether this was all.
  const rows = await directory.listInactive(since, !delete_data, MAX_AGENTS + 1);
  return { rows, up: unwrap(await directory.listUp({ limit: MAX_AGENTS })).agents };
}

/** What is up and was not even looked at. */
function inUse(up: readonly AgentState[], lookedAt: readonly AgentState[]): Cleanup["left"] {
  const known = new Set(lookedAt.map(({ agent_id }) => agent_id));
  return up
    .filter(({ agent_id }) => !known.has(agent_id))
    .map(({ agent_id, status }) => ({
      agent_id,
      reason: status === "idle" ? "active too recently" : "a turn is at work",
    }));
}

/** The directory only proposes: the agent itself knows whether it has work to do. */
async function retire(
  { agent_id, last_active_at }: AgentState,
  since: number,
  { delete_data, dry_run }: z.infer<typeof CleanupInput>,
  context: CallContext,
): Promise<Result> {
  try {
    const request = { inactive_since: since, delete_data, dry_run };
    const done = unwrap(await agentOf(context, agent_id).retire(request));
    if (done.action === "left") return { kind: "left", row: { agent_id, reason: done.reason } };
    if (done.action === "stopped") {
      const inactive_seconds = Math.floor((Date.now() - done.last_active_at) / 1_000);
      return { kind: "stopped", row: { agent_id, inactive_seconds, deleted: done.deleted } };
    }
    // The agent has deleted itself, and the directory has not heard of it.
    if (!dry_run) await directoryOf(context).remove(agent_id, last_active_at);
    return { kind: "gone" };
  } catch (error) {
    return { kind: "left", row: { agent_id, reason: toFailure(error, context).message } };
  }
}
