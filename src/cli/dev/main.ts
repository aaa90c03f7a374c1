// `npm run dev`: the whole server on this machine. Finds what there is (Docker, a credential), starts the Worker and, without
// Docker, the process host, and ends everything it started.
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { buildRunner } from "../../../container/build.ts";
import { banner } from "./banner.ts";
import { findCredential } from "./credential.ts";
import { isPortFree } from "./ports.ts";
import { HostProcess } from "./process-host.ts";
import { chooseRuntime } from "./runtime.ts";
import { readSettings, type Settings } from "./settings.ts";
import { startWorker } from "./worker.ts";

interface Stoppable {
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, "..", "..", "..");
const started: Stoppable[] = [];
let stopping: Promise<void> | undefined;

function stopAll(): Promise<void> {
  // The Worker goes first: it would take a lost process host for lost containers.
  stopping ??= (async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
  })();
  return stopping;
}

async function main(): Promise<void> {
  const settings = readSettings(root, process.env);
  const { PORT, STATE_DIR } = settings;
  if (!(await isPortFree(PORT))) {
    throw new Error(`Port ${PORT} is in use. End the program that uses it, or choose another: PORT=8211 npm run dev`);
  }
  mkdirSync(STATE_DIR, { recursive: true, mode: 0o700 });
  const { runtime, reason } = await chooseRuntime(settings.RUNTIME);
  const credential = findCredential(settings.worker.OPENAI_API_KEY, settings.CODEX_AUTH_DIR);
  const vars: Record<string, string> = { ...settings.worker, DEV_TOKEN: settings.DEV_TOKEN };
  if (credential.apiKey !== undefined) vars.OPENAI_API_KEY = credential.apiKey;
  if (runtime === "host") Object.assign(vars, await startHost(settings));
  const worker = await startWorker({
    root,
    stateDir: STATE_DIR,
    port: PORT,
    containers: runtime === "docker",
    vars,
    onLine: print,
  });
  started.push(worker);
  print(banner({ port: PORT, runtime, reason, credential: credential.description, settings }));
  const code = await worker.exited;
  if (stopping === undefined) throw new Error(`The Worker ended with code ${code}.`);
}

async function startHost(settings: Settings): Promise<Record<string, string>> {
  const token = randomBytes(32).toString("hex");
  const host = await HostProcess.start({
    root,
    stateDir: settings.STATE_DIR,
    token,
    gatewayUrl: `http://127.0.0.1:${settings.PORT}/model/v1`,
    sandbox: settings.HOST_SANDBOX,
    runnerEntry: await buildRunner(),
    logLevel: settings.worker.LOG_LEVEL ?? "INFO",
    onLine: print,
  });
  started.push(host);
  return { PROCESS_HOST_URL: host.url, PROCESS_HOST_TOKEN: token };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => void stopAll().then(() => process.exit(0)));
}
main().catch(async (error: unknown) => {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  await stopAll();
  process.exit(1);
});
