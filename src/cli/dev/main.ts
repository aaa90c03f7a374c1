// `npm run dev`: the whole server on this machine. Finds what there is (Docker, a credential), starts the Worker and, without
// Docker, the process host, and ends everything it started.
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { buildRunner } from "../../../container/build.ts";
import { Config } from "../../config.ts";
import { authFilePath } from "../auth-file-path.ts";
import { banner } from "./banner.ts";
import { findCredential } from "./credential.ts";

import { dockerProbe } from "./docker.ts";
import { devToken, encryptionKey, ownerPassword } from "./kept-secret.ts";
import { LocalLoginLender } from "./local-login.ts";
import { onLostNpm } from "./npm.ts";
import { isPortFree, nextFreePort } from "./ports.ts";
import { HostProcess } from "./process-host.ts";
import { chooseRuntime } from "./runtime.ts";
import { readSettings, type Settings } from "./settings.ts";
import { lockState } from "./state-lock.ts";
import { WorkerProcess } from "./worker.ts";

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
  const settings = readSettings(process.cwd(), process.env);
  const { PORT, STATE_DIR } = settings;
  if (!(await isPortFree(PORT))) {
    const other = `PORT=${await nextFreePort(PORT)} npm run dev`;
    throw new Error(`Port ${PORT} is in use. End the program that uses it, or choose another port: ${other}`);
  }
  const { runtime, reason } = await chooseRuntime(settings.RUNTIME, dockerProbe(root, process.env));
  mkdirSync(STATE_DIR, { recursive: true, mode: 0o700 });
  await lockState(STATE_DIR, PORT);
  const token = settings.DEV_TOKEN ?? devToken(STATE_DIR);
  const credential = findCredential(settings.worker, authFilePath(settings, process.env));
  // Nothing stands in front of this server: a web page could reach it under a name of its own (DNS rebinding).
  const vars: Record<string, string> = {
    ALLOWED_HOSTS: "localhost",
    ENCRYPTION_KEY: encryptionKey(STATE_DIR),
    ...settings.worker,
    DEV_TOKEN: token,
  };
  // Good for a browser on this machine only, as long as ALLOWED_HOSTS names no other host.
  const password = settings.worker.OWNER_PASSWORD === undefined ? ownerPassword(STATE_DIR) : undefined;
  if (password !== undefined) vars.OWNER_PASSWORD = password;
  if (credential.apiKey !== undefined) vars.OPENAI_API_KEY = credential.apiKey;
  if (credential.loginFile !== undefined) Object.assign(vars, await lendLogin(credential.loginFile, vars));
  if (runtime === "host") Object.assign(vars, await startHost(settings));
  else print("Building the container image; the first time this takes minutes.");
  const worker = await WorkerProcess.start({
    root,
    stateDir: STATE_DIR,
    port: PORT,
    containers: runtime === "docker",
    vars,
    onLine: print,
  });
  started.push(worker);
  print(banner({ port: PORT, runtime, reason, credential: credential.description, token, password, settings }));
  await worker.lost;
}

async function lendLogin(path: string, vars: Record<string, string>): Promise<Record<string, string>> {
  const { OPENAI_AUTH_URL: authUrl } = Config.parse(vars);
  const lender = await LocalLoginLender.start({ path, authUrl, onLine: print });
  started.push(lender);
  return lender.vars;
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

function stopAndExit(): void {
  void stopAll().then(() => process.exit(0));
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stopAndExit);
onLostNpm(stopAndExit);
main().catch(async (error: unknown) => {
  // Last, so that nothing which the parts say while they end hides it.
  await stopAll();
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
