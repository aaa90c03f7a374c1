// Whether `wrangler dev` can run containers here. Besides Docker it needs an image of Cloudflare's, the proxy beside each
// container through which its traffic goes, and pulls it at every start.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DockerProbe } from "./runtime.ts";

const PROBE_TIMEOUT_MS = 5_000;
const PULL_TIMEOUT_MS = 120_000;
const DEFAULT_SIDECAR = /"(cloudflare\/proxy-everything:[\w.@:-]+)"/;
const REASON_CHARS = 160;

/** `root` is where wrangler is installed. */
export function dockerProbe(root: string, env: NodeJS.ProcessEnv): DockerProbe {
  const program = env.WRANGLER_DOCKER_BIN ?? "docker";
  return {
    problem: async () => (await engineProblem(program)) ?? (await sidecarProblem(program, sidecarImage(root, env))),
  };
}

async function engineProblem(program: string): Promise<string | undefined> {
  const outcome = await run(program, ["version", "--format", "{{.Server.Version}}"], PROBE_TIMEOUT_MS);
  if (outcome.ok && outcome.printed !== "") return undefined;
  return outcome.isMissing ? "Docker is not installed" : "Docker is installed but not running";
}

/** The default is the one that the installed wrangler names. */
function sidecarImage(root: string, { MINIFLARE_CONTAINER_EGRESS_IMAGE }: NodeJS.ProcessEnv): string | undefined {
  if (MINIFLARE_CONTAINER_EGRESS_IMAGE !== undefined) return MINIFLARE_CONTAINER_EGRESS_IMAGE;
  const wrangler = readFileSync(join(root, "node_modules", "wrangler", "wrangler-dist", "cli.js"), "utf8");
  return DEFAULT_SIDECAR.exec(wrangler)?.[1];
}

async function sidecarProblem(program: string, image: string | undefined): Promise<string | undefined> {
  if (image === undefined) return undefined;
  const pulled = await run(program, ["pull", "--quiet", image], PULL_TIMEOUT_MS);
  if (pulled.ok) return undefined;
  const [reason = ""] = pulled.complaint.split("\n");
  const name = image.replace(/@.*/, "");
  return `Docker is running, but the image ${name}, which containers need on a developer's machine, cannot be pulled (${reason.slice(0, REASON_CHARS)})`;
}

interface Outcome {
  ok: boolean;
  isMissing: boolean;
  printed: string;
  complaint: string;
}

function run(program: string, args: string[], timeoutMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: timeoutMs }, (error, stdout, stderr) => {
      const complaint = stderr.trim() || (error === null ? "" : "no answer in time");
      resolve({ ok: error === null, isMissing: error?.code === "ENOENT", printed: stdout.trim(), complaint });
    });
  });
}
