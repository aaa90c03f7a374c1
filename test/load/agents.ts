// Many agents, each with turns of its own that wait, and room for few of them at once. Every call that is refused comes again,
// as its client was told to. What counts is that all are served, and how long the unluckiest waits.

import { quantile } from "../bench/statistics.ts";
import type { DevServer } from "../support/dev-server.ts";
import { script } from "../support/fake-model/script.ts";
import { type MemoryUse, withMemory } from "../support/memory.ts";
import { restOf, settledTurn, untilAdmitted } from "./rest.ts";

export interface AgentsLoad {
  agents: number;
  /** Turns that each agent has waiting at once. */
  turns: number;
  /** How long the model thinks in each. */
  modelMs: number;
  retryMs: number;
}

export interface AgentsReport {
  durationMs: number;
  turnsPerMinute: number;
  completed: number;
  /** What came out of turns that did not complete. */
  others: string[];
  refusals: number;
  /** From an agent's first call to the acceptance of its first turn, in ms, in the order of the agents. */
  waitedMs: number[];
  p50: number;
  p95: number;
  longest: number;
  /** Agents whose turns did not end in the order of their acceptance. */
  outOfOrder: number;
  memory: MemoryUse;
}

export async function loadAgents(server: DevServer, load: AgentsLoad): Promise<AgentsReport> {
  const call = restOf(server);
  const startedAt = performance.now();
  const { value: agents, memory } = await withMemory(server, () =>
    Promise.all(Array.from({ length: load.agents }, (_, n) => serve(call, `load-${n}`, load))),
  );
  const durationMs = performance.now() - startedAt;
  const turns = agents.flatMap(({ statuses }) => statuses);
  const waitedMs = agents.map(({ waited }) => waited);
  return {
    durationMs,
    turnsPerMinute: (turns.length / durationMs) * 60_000,
    completed: turns.filter((status) => status === "completed").length,
    others: turns.filter((status) => status !== "completed"),
    refusals: agents.reduce((sum, { refusals }) => sum + refusals, 0),
    waitedMs,
    p50: quantile(waitedMs, 0.5),
    p95: quantile(waitedMs, 0.95),
    longest: Math.max(...waitedMs),
    outOfOrder: agents.filter(({ isInOrder }) => !isInOrder).length,
    memory,
  };
}

async function serve(call: ReturnType<typeof restOf>, agent_id: string, { turns, modelMs, retryMs }: AgentsLoad) {
  const startedAt = performance.now();
  const message = `Work for ${agent_id}. ${script({ stallMs: modelMs }, { answer: {} })}`;
  const ids: string[] = [];
  let refusals = 0;
  let waited = 0;
  for (let n = 0; n < turns; n++) {
    const admitted = await untilAdmitted(() => call("chat", { agent_id, message, wait_seconds: 0 }), retryMs);
    refusals += admitted.refusals;
    ids.push(admitted.answer.turn_id ?? "");
    if (n === 0) waited = performance.now() - startedAt;
  }
  const answers = await Promise.all(ids.map((turn_id) => settledTurn(call, { agent_id, turn_id })));
  // ISO times.
  const begun = answers.map(({ started_at }) => String(started_at));
  const statuses = answers.map(({ status, error }) => (error ? `${status}: ${error.code}` : `${status}`));
  return { statuses, refusals, waited, isInOrder: begun.join() === [...begun].sort().join() };
}
