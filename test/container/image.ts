// The image under test: built once before the tests of the container, where this machine can.
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { TEST_IMAGE } from "../support/docker-body.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const PROBE_TIMEOUT_MS = 5_000;

/** Why the image cannot be built and tested here; undefined where it can. */
export function imageProblem(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return "they look into containers as root of a Linux machine";
  try {
    execFileSync("docker", ["version"], { timeout: PROBE_TIMEOUT_MS, stdio: "ignore" });
    return undefined;
  } catch {
    return "Docker does not run here";
  }
}

/** Vitest calls it before the first test. The layers of the last build are used again. */
export default function setup(): void {
  execFileSync("docker", ["build", "--quiet", "--tag", TEST_IMAGE, "container"], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
  });
}
