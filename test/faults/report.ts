// What a person is told of a seed.
import type { SeedResult } from "./run-seed.ts";

const LOG_LINES = 150;

export function oneLine({ seed, problems, struck, plan, turns, durationMs }: SeedResult): string {
  const verdict = problems.length === 0 ? "ok    " : "FAILED";
  const ends = turns.map(({ status, code }) => code ?? status);
  const count = [...new Set(ends)].map((end) => `${ends.filter((other) => other === end).length} ${end}`);
  return `seed ${seed} ${verdict} ${(durationMs / 1_000).toFixed(1)} s, ${struck.length}/${plan.faults.length} faults, ${count.join(", ")}`;
}

/** The plan, what happened, and how to see it again. */
export function whole({ seed, plan, problems, struck, turns, notes, log }: SeedResult): string {
  return [
    `=== seed ${seed}`,
    ...problems.map((problem) => `  ! ${problem}`),
    "--- turns",
    ...plan.turns.map((turn) => JSON.stringify(turn)),
    "--- faults",
    ...plan.faults.map((fault) => `${struck.includes(fault) ? "struck" : "missed"} ${JSON.stringify(fault)}`),
    "--- ends",
    ...turns.map((turn) => JSON.stringify(turn)),
    "--- what happened",
    ...notes,
    `--- log, the last ${LOG_LINES} lines`,
    ...log.slice(-LOG_LINES),
    replay(seed),
  ].join("\n");
}

export function replay(seed: number): string {
  return `Replay: npm run test:faults -- --seeds 1 --first ${seed}`;
}
