// Runs the bundled Worker in the runtime that `wrangler dev` uses. Each line on stdin is a time in ms: the runtime is killed, stays
// away for so long, and comes back on what it left. Ends with its parent.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

export interface WorkerOptions {
  /** What wrangler makes of the project's configuration. */
  options: object;
  /** What `wrangler deploy --dry-run` has made. */
  bundle: string;
  stateDir: string;
  port: number;
  vars: Record<string, string>;
}

interface Runtime {
  Miniflare: new (options: object) => Worker;
  convertV4MiniflareOptions(options: object): object;
}

interface Worker {
  ready: Promise<URL>;
  dispose(): Promise<void>;
}

/** Of wrangler's own version, whatever others there are. */
const require = createRequire(createRequire(import.meta.url).resolve("wrangler"));
const { Miniflare, convertV4MiniflareOptions }: Runtime = require("miniflare");

async function start(optionsFile: string): Promise<Worker> {
  // Read at each start: the clock may be another one.
  const { options, bundle, stateDir, port, vars }: WorkerOptions = JSON.parse(readFileSync(optionsFile, "utf8"));
  const worker = new Miniflare(
    convertV4MiniflareOptions({
      ...options,
      name: "worker",
      host: "127.0.0.1",
      port,
      cf: false,
      modules: [{ type: "ESModule", path: `${bundle}/index.js` }],
      modulesRoot: bundle,
      bindings: vars,
      resourcePersistencePath: stateDir,
      handleRuntimeStdio: (stdout: NodeJS.ReadableStream, stderr: NodeJS.ReadableStream) => {
        stdout.pipe(process.stdout, { end: false });
        stderr.pipe(process.stdout, { end: false });
      },
    }),
  );
  await worker.ready;
  process.stdout.write('{"ready":true}\n');
  return worker;
}

async function main(optionsFile: string): Promise<void> {
  let worker = await start(optionsFile);
  const end = (): void => void worker.dispose().then(() => process.exit(0));
  process.on("SIGTERM", end);
  for await (const line of createInterface({ input: process.stdin })) {
    // SIGKILL is how it always ends workerd.
    await worker.dispose();
    process.stdout.write('{"killed":true}\n');
    await sleep(Number(line));
    worker = await start(optionsFile);
  }
  end();
}

main(process.argv[2] ?? "").catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
