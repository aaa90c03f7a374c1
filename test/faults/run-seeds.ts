// Several seeds one after the other on one stack, and several stacks side by side. A stack that failed a seed is not used again.
import { runSeed, type SeedResult } from "./run-seed.ts";
import { Stack } from "./stack.ts";

export interface SeedsOptions {
  seeds: number;
  first: number;
  /** Stacks at work at the same time. */
  jobs: number;
}

/** Resolves to all results, in the order of the seeds. */
export async function runSeeds(
  { seeds, first, jobs }: SeedsOptions,
  onResult: (result: SeedResult) => void,
): Promise<SeedResult[]> {
  const waiting = Array.from({ length: seeds }, (_, index) => first + index);
  const results: SeedResult[] = [];
  const work = async (): Promise<void> => {
    let stack: Stack | undefined;
    try {
      for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
        stack ??= await Stack.start();
        const result = await runSeed(seed, stack);
        results.push(result);
        onResult(result);
        if (result.problems.length === 0) continue;
        await stack.close();
        stack = undefined;
      }
    } finally {
      await stack?.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, seeds) }, work));
  return results.sort((a, b) => a.seed - b.seed);
}
