// Bundles the Worker under test as a deployment would, from the project's own configuration with another entry.
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { experimental_readRawConfig, unstable_getMiniflareWorkerOptions } from "wrangler";

export interface Bundle {
  /** The Worker as its runtime is told of it. */
  options: object;
  directory: string;
}

const ROOT = resolve(import.meta.dirname, "../..");

/** Resolves to what {@link WorkerOptions} needs. */
export async function bundleWorker(directory: string): Promise<Bundle> {
  // Without containers: the process host stands in, and no image is to be built.
  const { containers: _, ...config } = experimental_readRawConfig({ config: join(ROOT, "wrangler.jsonc") }).rawConfig;
  const file = join(directory, "wrangler.json");
  writeFileSync(file, JSON.stringify({ ...config, main: join(import.meta.dirname, "worker", "index.ts") }));
  const bundle = join(directory, "bundle");
  const wrangler = join(ROOT, "node_modules", "wrangler", "wrangler-dist", "cli.js");
  const args = [wrangler, "deploy", "--dry-run", "--outdir", bundle, "--config", file];
  const env = { PATH: process.env.PATH, HOME: directory, WRANGLER_SEND_METRICS: "false" };
  await promisify(execFile)(process.execPath, args, { cwd: directory, env });
  return { options: unstable_getMiniflareWorkerOptions(file).workerOptions, directory: bundle };
}
