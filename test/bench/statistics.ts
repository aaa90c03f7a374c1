// Medians and spreads of what was measured.

export function quantile(samples: readonly number[], fraction: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** `42 (38–55)`: median, then the 10th and 90th percentile. Values that do not vary stand alone. */
export function summary(samples: readonly number[]): string {
  const [low, middle, high] = [0.1, 0.5, 0.9].map((fraction) => toText(quantile(samples, fraction)));
  return low === high ? `${middle}` : `${middle} (${low}–${high})`;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function toText(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}
