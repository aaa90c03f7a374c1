// The first answer of an agent whose disk is gone, against the sum of what nobody can do without: a runner's start, Codex's start,
// the extraction. The runner is a process of the process host, as `npm run dev` has it without Docker.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AppServer } from "../support/app-server-driver.ts";
import { TestRunner } from "../support/runner.ts";
import type { Bench } from "./bench.ts";
import { comparison, type Row } from "./report.ts";
import { timed } from "./statistics.ts";
import { extract, shell } from "./tree.ts";
import { type Stack, wholeStack } from "./whole-stack.ts";

export interface RestoreOptions {
  /** Has the workspace. */
  scratch: string;
  /** The workspace as an archive. */
  full: string;
  rounds: number;
}

const AGENT = "bench-files";
/** For the processes of a container that was told to end. */
const SETTLE_MS = 1_000;
const POLL_MS = 200;
/** What the dev server starts. */
const RUNNER = join(import.meta.dirname, "../../container/dist/runner.cjs");
const TARGET = { atMost: 1.3 };

export async function benchRestore({ model, server }: Bench, options: RestoreOptions): Promise<Row> {
  const { scratch, full, rounds } = options;
  const stack = await wholeStack(server, "2026-07-28");
  const agents = join(server.scratch.stateDir, "agents");
  const samples = { restored: [] as number[], parts: [] as number[] };
  try {
    await stack.say(AGENT, { message: "Begin." });
    const [name = ""] = readdirSync(agents);
    const disk = join(agents, name);
    await shell(`cp -a '${scratch}/workspace/.' '${disk}/workspace/'`);
    await fallAsleep(stack);
    for (let round = 0; round < rounds; round++) {
      rmSync(disk, { recursive: true });
      samples.restored.push(await timed(() => stack.say(AGENT, { message: `Again ${round}.` })));
      await fallAsleep(stack);
      samples.parts.push(await timeParts(model.url, full, join(scratch, "extracted")));
    }
  } finally {
    await stack.close();
  }
  const parts = "runner's start + Codex's start + tar's extraction";
  return comparison(
    "first answer after the disk is lost, ms (process host)",
    samples.restored,
    parts,
    samples.parts,
    TARGET,
  );
}

/** Each alone, one after the other: with two of them at once they would take less than their sum. */
async function timeParts(modelUrl: string, full: string, target: string): Promise<number> {
  let runner: TestRunner | undefined;
  let codex: AppServer | undefined;
  mkdirSync(target);
  // Without a binary the runner starts no Codex of its own.
  const env = { CODEX_BINARY: "/nonexistent" };
  const runnerMs = await timed(async () => {
    runner = await TestRunner.start({ modelUrl, entry: RUNNER, env });
  });
  await runner?.stop();
  const codexMs = await timed(async () => {
    codex = await AppServer.start({ baseUrl: modelUrl });
  });
  await codex?.close();
  const extractMs = await timed(() => extract(full, target));
  rmSync(target, { recursive: true });
  return runnerMs + codexMs + extractMs;
}

async function fallAsleep(stack: Stack): Promise<void> {
  for (;;) {
    await stack.call("cleanup_inactive_agents", { inactive_for_seconds: 0 });
    const { status } = await stack.call("get_agent_status", { agent_id: AGENT });
    if (status === "sleeping") break;
    await sleep(POLL_MS);
  }
  await sleep(SETTLE_MS);
}
