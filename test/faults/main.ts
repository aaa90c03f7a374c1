// `npm run test:faults -- --seeds N --first SEED [--jobs J]`: runs that many seeds, each with its own faults. Ends with 1 where one failed.
import { parseArgs } from "node:util";
import * as z from "zod";
import { oneLine, replay, whole } from "./report.ts";
import { runSeeds } from "./run-seeds.ts";

const Options = z.object({
  seeds: z.coerce.number().int().positive(),
  first: z.coerce.number().int().nonnegative(),
  jobs: z.coerce.number().int().positive(),
});

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20" },
    first: { type: "string", default: "1" },
    jobs: { type: "string", default: "2" },
  },
});
const options = Options.parse(values);
// What is mounted and written is removed at an exit, and not where a signal ends the process.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));
const startedAt = Date.now();
const results = await runSeeds(options, (result) => {
  console.log(oneLine(result));
  if (result.problems.length > 0) console.log(whole(result));
});
const failed = results.filter(({ problems }) => problems.length > 0);
for (const reason of new Set(results.flatMap(({ impossible }) => impossible))) console.log(`Left out: ${reason}`);
const struck = results.reduce((sum, result) => sum + result.struck.length, 0);
const turns = results.reduce((sum, result) => sum + result.turns.length, 0);
const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
console.log(
  `${results.length - failed.length} of ${results.length} seeds passed: ${turns} turns, ${struck} faults, ${minutes} min`,
);
for (const { seed } of failed) console.log(replay(seed));
process.exitCode = failed.length > 0 ? 1 : 0;
