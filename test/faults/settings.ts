// The settings of one stack's parts.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bundle } from "./build.ts";
import type { WorkerOptions } from "./worker-program.ts";

export interface StackSettings {
  scratch: string;
  bundle: Bundle;
  runnerEntry: string;
  ports: { worker: number; host: number };
  agentsDir: string;
}

const TOKEN = "dev-token-of-the-fault-suite";
const HOST_TOKEN = "host-token-of-the-fault-suite-0123456789";
/** Long enough for every turn of a plan on a busy machine. */
export const TURN_TIMEOUT_S = 25;

/** Writes the file that the Worker's program reads. */
export function workerOptions(
  { scratch, bundle, ports }: StackSettings,
  state: { suite: string; model: string; clockOffsetMs: number },
): { file: string; token: string } {
  const file = join(scratch, "worker.json");
  const options: WorkerOptions = {
    options: bundle.options,
    bundle: bundle.directory,
    stateDir: join(scratch, "state"),
    port: ports.worker,
    vars: {
      SUITE_URL: state.suite,
      CLOCK_OFFSET_MS: String(state.clockOffsetMs),
      OPENAI_API_KEY: "sk-of-the-fault-suite-0123456789",
      OPENAI_BASE_URL: state.model,
      ENCRYPTION_KEY: "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
      DEV_TOKEN: TOKEN,
      CODEX_APPROVAL_MODE: "auto",
      TURN_TIMEOUT_SECONDS: String(TURN_TIMEOUT_S),
      PROCESS_HOST_URL: `http://127.0.0.1:${ports.host}`,
      PROCESS_HOST_TOKEN: HOST_TOKEN,
      LOG_LEVEL: "DEBUG",
    },
  };
  writeFileSync(file, JSON.stringify(options), { mode: 0o600 });
  return { file, token: TOKEN };
}

export function hostEnv({ scratch, runnerEntry, ports, agentsDir }: StackSettings): Record<string, string> {
  const tmp = join(scratch, "tmp");
  mkdirSync(tmp, { recursive: true });
  return {
    HOST_TOKEN,
    HOST_PORT: String(ports.host),
    AGENTS_DIR: agentsDir,
    RUNNER_ENTRY: runnerEntry,
    GATEWAY_URL: `http://127.0.0.1:${ports.worker}/model/v1`,
    TMPDIR: tmp,
    LOG_LEVEL: "INFO",
  };
}
