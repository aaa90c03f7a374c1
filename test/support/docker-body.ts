// A runner in a container of the image, as the platform would start it. Its disk is a directory of this machine, at the same
// path inside and outside, and its processes are this machine's: tests look at both. Linux and root only.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { RUNNER_PORT } from "../../container/protocol.ts";
import type { RunnerBody } from "./runner-body.ts";

export const TEST_IMAGE = "persistent-codex-agent:test";

/** What a container of the platform has, more or less. */
const LIMITS = ["--memory=1g", "--memory-swap=1g", "--cpus=2"];

export class DockerBody implements RunnerBody {
  readonly name = `runner-test-${randomUUID()}`;
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  start(env: Readonly<Record<string, string>>): ChildProcess {
    // Its stdin ends with the tests, however they end, and the container with it.
    const variables = { ...env, DATA_DIR: this.#dataDir, ENDS_WITH_STDIN: "true" };
    const args = [
      ...["run", "--rm", "--interactive", "--name", this.name, ...LIMITS],
      ...["--volume", `${this.#dataDir}:${this.#dataDir}`, "--publish", `127.0.0.1::${RUNNER_PORT}`],
      // By name only: no command line holds a token.
      ...Object.keys(variables).flatMap((name) => ["--env", name]),
      TEST_IMAGE,
    ];
    return spawn("docker", args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...variables } });
  }

  urlOf(): string {
    const [address] = docker("port", this.name, String(RUNNER_PORT)).split("\n");
    return `http://${address}`;
  }

  pidOf(): number {
    return Number(docker("inspect", "--format", "{{.State.Pid}}", this.name));
  }

  end(child: ChildProcess): void {
    child.kill("SIGTERM");
  }

  kill(): void {
    docker("kill", this.name);
  }

  giveWorkspace(): void {
    docker("exec", this.name, "chown", "-hR", "agent:agent", join(this.#dataDir, "workspace"));
  }
}

/** The address of this machine that containers of Docker's default network can reach. */
export function bridgeAddress(): string {
  return docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}");
}

function docker(...args: string[]): string {
  return execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}
