// Where agents live on this machine: in containers where Docker can run them, else in processes.

export interface RuntimeChoice {
  runtime: "host" | "docker";
  /** For the banner. */
  reason: string;
}

export interface DockerProbe {
  /** What is missing for containers to run here, as part of a sentence; undefined where nothing is. */
  problem(): Promise<string | undefined>;
}

/** Throws an `Error` where Docker is insisted on and cannot run containers. */
export async function chooseRuntime(wanted: "auto" | "host" | "docker", docker: DockerProbe): Promise<RuntimeChoice> {
  if (wanted === "host") return { runtime: "host", reason: "RUNTIME=host" };
  const problem = await docker.problem();
  if (wanted === "docker") {
    if (problem !== undefined)
      throw new Error(`RUNTIME=docker needs Docker: ${problem}. Mend that, or use RUNTIME=host.`);
    return { runtime: "docker", reason: "RUNTIME=docker" };
  }
  return problem === undefined
    ? { runtime: "docker", reason: "Docker is running" }
    : { runtime: "host", reason: problem };
}
