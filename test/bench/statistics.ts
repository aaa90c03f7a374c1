// Medians and spreads of durations, in ms.

export function quantile(samples: readonly number[], fraction: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** `42 (38–55)`: median, then the 10th and 90th percentile. */
export function summary(samples: readonly number[]): string {
  const [low, middle, high] = [0.1, 0.5, 0.9].map((fraction) => quantile(samples, fraction).toFixed(0));
  return `${middle} (${low}–${high})`;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
