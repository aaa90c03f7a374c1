import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { ContainerLimits, instanceTypeFor } from "../../../../src/cli/deploy/instance-type.ts";

function typeFor(cpu?: string, memory?: string): string {
  return instanceTypeFor(
    ContainerLimits.parse({
      ...(cpu === undefined ? {} : { CONTAINER_CPU_LIMIT: cpu }),
      ...(memory === undefined ? {} : { CONTAINER_MEMORY_LIMIT: memory }),
    }),
  );
}

describe("the instance type", () => {
  it.each([
    ["0.0625", "256m", "lite"],
    ["0.05", "257m", "basic"],
    ["0.25", "1g", "basic"],
    ["0.25", "1025m", "standard-1"],
    ["0.5", "4096m", "standard-1"],
    ["0.51", "512m", "standard-2"],
    ["1", "6g", "standard-2"],
    ["1.5", "2048m", "standard-3"],
    ["1", "8192M", "standard-3"],
    ["4.0", "2048m", "standard-4"],
    ["0.1", "12g", "standard-4"],
    ["0.5", String(2048 * 1024 ** 2), "standard-1"],
    ["0.5", "2097152k", "standard-1"],
    ["0.5", "2gb", "standard-1"],
  ])("for %s CPUs and %s of memory is %s, the smallest that has both", (cpu, memory, expected) => {
    expect(typeFor(cpu, memory)).toBe(expected);
  });

  it("for nothing that is said is the one that wrangler.jsonc names", () => {
    const config = readFileSync(resolve(import.meta.dirname, "../../../../wrangler.jsonc"), "utf8");
    expect(/"instance_type": "([^"]+)"/.exec(config)?.[1]).toBe(typeFor());
  });
});

describe("limits that no instance type can hold", () => {
  it.each(["0", "-1", "4.5", "many", ""])("are refused: %j CPUs", (cpu) => {
    expect(() => typeFor(cpu)).toThrow("a number of CPUs, above 0 and at most 4");
  });

  it.each(["", "0", "2048", "255m", "13g", "2 gigabytes", "-2g", "2t"])("are refused: %j of memory", (memory) => {
    expect(() => typeFor("1", memory)).toThrow("an amount like 2048m or 2g, from 256m to 12288m");
  });
});
