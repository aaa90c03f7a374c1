// Where agents live on this machine: in containers where Docker runs, else in processes.
import { execFile } from "node:child_process";

export interface RuntimeChoice {
  runtime: "host" | "docker";
  /** For the banner. */
  reason: string;
}

const PROBE_TIMEOUT_MS = 5_000;

/** Throws an `Error` where Docker is insisted on and does not run. */
export async function chooseRuntime(wanted: "auto" | "host" | "docker"): Promise<RuntimeChoice> {
  if (wanted === "host") return { runtime: "host", reason: "RUNTIME=host" };
  const problem = await dockerProblem();
  if (wanted === "docker") {
    if (problem !== undefined)
      throw new Error(`RUNTIME=docker needs Docker: ${problem}. Start it, or use RUNTIME=host.`);
    return { runtime: "docker", reason: "RUNTIME=docker" };
  }
  return problem === undefined
    ? { runtime: "docker", reason: "Docker is running" }
    : { runtime: "host", reason: problem };
}

function dockerProblem(): Promise<string | undefined> {
  const args = ["version", "--format", "{{.Server.Version}}"];
  return new Promise((resolve) => {
    execFile("docker", args, { timeout: PROBE_TIMEOUT_MS }, (error, stdout) => {
      if (error === null && stdout.trim() !== "") resolve(undefined);
      else resolve(error?.code === "ENOENT" ? "Docker is not installed" : "Docker is installed but not running");
    });
  });
}
