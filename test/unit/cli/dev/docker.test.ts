import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { dockerProbe } from "../../../../src/cli/dev/docker.ts";
import { chooseRuntime } from "../../../../src/cli/dev/runtime.ts";
import { makeScratchDir } from "../../../support/app-server-driver.ts";

const ROOT = resolve(import.meta.dirname, "../../../..");
const scratch = makeScratchDir("docker-");
afterAll(() => rmSync(scratch, { recursive: true }));

let count = 0;
/** A program in place of Docker's, and the environment that names it. */
function dockerThat(script: string, env: Record<string, string> = {}) {
  const directory = join(scratch, String(++count));
  mkdirSync(directory);
  const program = join(directory, "docker");
  writeFileSync(program, `#!/bin/sh\necho "$@" >> ${directory}/calls\n${script}\n`);
  chmodSync(program, 0o755);
  return {
    probe: dockerProbe(ROOT, { WRANGLER_DOCKER_BIN: program, ...env }),
    calls: () => readFileSync(join(directory, "calls"), "utf8"),
  };
}

const WORKS = "echo 28.0.1";
const HAS_NO_SIDECAR = 'if [ "$1" = pull ]; then echo "no such host" >&2; exit 1; fi; echo 28.0.1';

describe("agents live", () => {
  it("in containers where Docker runs and has what it needs", async () => {
    const { probe, calls } = dockerThat(WORKS);
    expect(await chooseRuntime("auto", probe)).toEqual({ runtime: "docker", reason: "Docker is running" });
    expect(await chooseRuntime("docker", probe)).toEqual({ runtime: "docker", reason: "RUNTIME=docker" });
    expect(calls()).toMatch(/pull --quiet cloudflare\/proxy-everything:\w+@sha256:[0-9a-f]{64}\n/);
  });

  it("in processes where Docker is not wanted, and nobody asks it", async () => {
    const { probe, calls } = dockerThat(WORKS);
    expect(await chooseRuntime("host", probe)).toEqual({ runtime: "host", reason: "RUNTIME=host" });
    expect(calls).toThrow("ENOENT");
  });

  it.each([
    ["is not installed", dockerProbe(ROOT, { WRANGLER_DOCKER_BIN: "/nonexistent/docker" })],
    ["is installed but not running", dockerThat("exit 1").probe],
  ])("in processes where Docker %s", async (problem, probe) => {
    expect(await chooseRuntime("auto", probe)).toEqual({ runtime: "host", reason: `Docker ${problem}` });
    await expect(chooseRuntime("docker", probe)).rejects.toThrow(`RUNTIME=docker needs Docker: Docker ${problem}.`);
  });

  it("in processes where the image of the proxy beside each container cannot be had, and it is said why", async () => {
    const { probe } = dockerThat(HAS_NO_SIDECAR);
    const { runtime, reason } = await chooseRuntime("auto", probe);
    expect(runtime).toBe("host");
    expect(reason).toMatch(
      /^Docker is running, but the image cloudflare\/proxy-everything:\w+, .* cannot be pulled \(no such host\)$/,
    );
    await expect(chooseRuntime("docker", probe)).rejects.toThrow("cannot be pulled (no such host)");
  });
});

it("MINIFLARE_CONTAINER_EGRESS_IMAGE names another proxy", async () => {
  const { probe, calls } = dockerThat(WORKS, { MINIFLARE_CONTAINER_EGRESS_IMAGE: "mine/proxy:1" });
  expect(await probe.problem()).toBeUndefined();
  expect(calls()).toContain("pull --quiet mine/proxy:1\n");
});
