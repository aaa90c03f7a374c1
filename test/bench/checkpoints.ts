// What it costs to keep an agent's files. A checkpoint of one changed file against a full archive by plain tar and zstd; the first
// answer of an agent whose disk is gone against the sum of what nobody can do without: a runner's start, Codex's start, the
// extraction. Both sides in one run, by turns.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { createLogger } from "../../container/lib/log.ts";
import { Checkpoints } from "../../container/runner/checkpoint/checkpoints.ts";
import { AppServer, makeScratchDir } from "../support/app-server-driver.ts";
import type { DevServer } from "../support/dev-server.ts";
import { TestRunner } from "../support/runner.ts";
import { timed } from "./statistics.ts";
import { type Stack, wholeStack } from "./whole-stack.ts";

export interface CheckpointSamples {
  delta: number[];
  full: number[];
  deltaBytes: number;
  fullBytes: number;
  restored: number[];
  parts: number[];
}

const FILES = 20_000;
const FILE_BYTES = 25_000;
const FILES_PER_DIRECTORY = 20;
const AGENT = "bench-files";
/** For the processes of a container that was told to end. */
const SETTLE_MS = 1_000;
/** What the dev server starts. */
const RUNNER = join(import.meta.dirname, "../../container/dist/runner.cjs");

export async function benchCheckpoints(
  modelUrl: string,
  server: DevServer,
  rounds: number,
): Promise<CheckpointSamples> {
  const samples: CheckpointSamples = { delta: [], full: [], deltaBytes: 0, fullBytes: 0, restored: [], parts: [] };
  const scratch = makeScratchDir("bench-checkpoints-");
  try {
    await benchDelta(scratch, rounds, samples);
    await benchRestore(modelUrl, server, { scratch, rounds: Math.max(2, rounds >> 1) }, samples);
    return samples;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function benchDelta(scratch: string, rounds: number, samples: CheckpointSamples): Promise<void> {
  mkdirSync(join(scratch, "home"));
  writeTree(join(scratch, "workspace"));
  const checkpoints = new Checkpoints({
    dataDir: scratch,
    directory: join(scratch, "checkpoints"),
    forgetConversations: async () => {},
    isTurnActive: () => false,
    log: createLogger(() => {}, "ERROR"),
  });
  const save = async (number: number): Promise<number> => {
    const [id, parent] = [`ckpt_${number + 1}`, number === 0 ? null : `ckpt_${number}`];
    const answer = await checkpoints.create({ id, parent, is_base: false, is_forced: false });
    if (answer.status === "unchanged") throw new Error("the change was not seen");
    return (await buffer(checkpoints.read(id, 0, answer.bytes))).length;
  };
  const full = join(scratch, "full.tar.zst");
  await save(0);
  for (let round = 1; round <= rounds; round++) {
    writeFileSync(join(scratch, "workspace/d0/changed.ts"), `changed in round ${round}`);
    samples.delta.push(
      await timed(async () => {
        samples.deltaBytes = await save(round);
      }),
    );
    samples.full.push(await timed(() => shell(`tar -C '${scratch}' -c workspace | zstd -1 -q -f -o '${full}'`)));
  }
  samples.fullBytes = statSync(full).size;
}

/** The stack's agent has the same files; its disk is removed while its container is down. */
async function benchRestore(
  modelUrl: string,
  server: DevServer,
  { scratch, rounds }: { scratch: string; rounds: number },
  samples: CheckpointSamples,
): Promise<void> {
  const stack = await wholeStack(server);
  const agents = join(server.scratch.stateDir, "agents");
  try {
    const others = new Set(readdirSync(agents));
    await stack.say(AGENT, { message: "Begin." });
    const disk = join(agents, readdirSync(agents).find((name) => !others.has(name)) ?? "");
    await shell(`cp -a '${scratch}/workspace/.' '${disk}/workspace/'`);
    await fallAsleep(stack);
    for (let round = 0; round < rounds; round++) {
      rmSync(disk, { recursive: true });
      samples.restored.push(await timed(() => stack.say(AGENT, { message: `Again ${round}.` })));
      await fallAsleep(stack);
      samples.parts.push(await timeParts(modelUrl, scratch));
    }
  } finally {
    await stack.close();
  }
}

/** Each alone, one after the other: with two of them at once they would take less than their sum. */
async function timeParts(modelUrl: string, scratch: string): Promise<number> {
  let runner: TestRunner | undefined;
  let codex: AppServer | undefined;
  const target = join(scratch, "extracted");
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
  const extractMs = await timed(() => shell(`zstd -dcq '${scratch}/full.tar.zst' | tar -x -C '${target}'`));
  rmSync(target, { recursive: true });
  return runnerMs + codexMs + extractMs;
}

async function fallAsleep(stack: Stack): Promise<void> {
  for (;;) {
    await stack.call("cleanup_inactive_agents", { inactive_for_seconds: 0 });
    const { status } = await stack.call("get_agent_status", { agent_id: AGENT });
    if (status === "sleeping") break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}

/** As varied as source code is: some four to one when compressed. */
function writeTree(root: string): void {
  const words = Array.from({ length: 3_000 }, (_, number) => createHash("md5").update(`${number}`).digest("base64url"));
  let seed = 1;
  const next = (): string => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return words[(seed >>> 8) % words.length] ?? "";
  };
  for (let number = 0; number < FILES; number++) {
    const directory = join(root, `d${number % 40}`, `e${Math.floor(number / FILES_PER_DIRECTORY)}`);
    mkdirSync(directory, { recursive: true });
    let text = "";
    while (text.length < FILE_BYTES) text += `${next()} `;
    writeFileSync(join(directory, `f${number}.ts`), text);
  }
}

/** Not synchronous: connections that nobody looks after for seconds are closed. */
async function shell(script: string): Promise<void> {
  await promisify(execFile)("bash", ["-ec", `set -o pipefail; ${script}`]);
}
