// Which instance type of Cloudflare Containers an agent gets.
// https://developers.cloudflare.com/containers/platform/limits/
import * as z from "zod";

export interface InstanceType {
  name: "lite" | "basic" | "standard-1" | "standard-2" | "standard-3" | "standard-4";
  vcpu: number;
  memoryMib: number;
}

/** From the smallest to the biggest. */
const INSTANCE_TYPES: readonly InstanceType[] = [
  { name: "lite", vcpu: 1 / 16, memoryMib: 256 },
  { name: "basic", vcpu: 1 / 4, memoryMib: 1_024 },
  { name: "standard-1", vcpu: 1 / 2, memoryMib: 4_096 },
  { name: "standard-2", vcpu: 1, memoryMib: 6_144 },
  { name: "standard-3", vcpu: 2, memoryMib: 8_192 },
  { name: "standard-4", vcpu: 4, memoryMib: 12_288 },
];
const LARGEST = { vcpu: 4, memoryMib: 12_288 };

/** Codex and the runner take some 150 MB before anything is done. */
const SMALLEST_MEMORY_MIB = 256;
const MIB_PER_UNIT = { k: 1 / 1_024, m: 1, g: 1_024 } as const;
const CPU_RULE = `a number of CPUs, above 0 and at most ${LARGEST.vcpu}`;
const MEMORY_RULE = `an amount like 2048m or 2g, from ${SMALLEST_MEMORY_MIB}m to ${LARGEST.memoryMib}m`;

export const ContainerLimits = z.object({
  CONTAINER_CPU_LIMIT: z.coerce.number(CPU_RULE).positive(CPU_RULE).max(LARGEST.vcpu, CPU_RULE).default(4),
  /** In MiB. */
  CONTAINER_MEMORY_LIMIT: z
    .string()
    .default("2048m")
    .transform(readMib)
    .pipe(z.number(MEMORY_RULE).min(SMALLEST_MEMORY_MIB, MEMORY_RULE).max(LARGEST.memoryMib, MEMORY_RULE)),
});
export type ContainerLimits = z.output<typeof ContainerLimits>;

/** The smallest that has at least as much of both; the rules of {@link ContainerLimits} see to it that there is one. */
export function instanceTypeFor(limits: ContainerLimits): InstanceType["name"] {
  const enough = INSTANCE_TYPES.find(
    ({ vcpu, memoryMib }) => vcpu >= limits.CONTAINER_CPU_LIMIT && memoryMib >= limits.CONTAINER_MEMORY_LIMIT,
  );
  return enough?.name ?? "standard-4";
}

/** As Docker writes amounts of memory: bytes without a unit. NaN for what is none. */
function readMib(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([kmg])?b?$/i.exec(text.trim()) ?? [];
  if (digits === undefined) return Number.NaN;
  const factor = MIB_PER_UNIT[(unit?.toLowerCase() ?? "") as keyof typeof MIB_PER_UNIT] ?? 1 / 1_024 ** 2;
  return Number(digits) * factor;
}
