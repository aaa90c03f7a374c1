// Eight agents that get a turn at the same time, against eight app-servers that are driven directly.
import type { Bench } from "./bench.ts";
import { directCodex } from "./direct-codex.ts";
import { comparison, type Row } from "./report.ts";
import { measure, type Side } from "./side.ts";
import { timed } from "./statistics.ts";
import { stackSide, wholeStack } from "./whole-stack.ts";

export const AGENTS = 8;
const WARM_UP = 2;
const TARGET = { atMost: 1.3 };

export async function benchParallel({ model, server, rounds }: Bench): Promise<Row[]> {
  const stack = await wholeStack(server, "2026-07-28");
  const direct: Side[] = [];
  try {
    for (let each = 0; each < AGENTS; each++) direct.push(await directCodex(model.url));
    const ours = direct.map((_, each) => stackSide(stack, `bench-parallel-${each}`));
    const all = (sides: readonly Side[]) =>
      timed(() => Promise.all(sides.map((side) => measure(model, side.hasSchema, side.followUp))));
    const samples = { ours: [] as number[], direct: [] as number[] };
    for (let round = -WARM_UP; round < rounds; round++) {
      const [directMs, oursMs] = [await all(direct), await all(ours)];
      if (round < 0) continue;
      samples.direct.push(directMs);
      samples.ours.push(oursMs);
    }
    const theirs = `${AGENTS} app-servers alone`;
    return [comparison(`${AGENTS} agents at once, all done, ms`, samples.ours, theirs, samples.direct, TARGET)];
  } finally {
    await stack.close();
    for (const side of direct) await side.close();
  }
}
