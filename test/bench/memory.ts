// What an idle agent takes beside its Codex: the runner's process. Needs Linux.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { commandLine } from "../support/processes.ts";
import type { Bench } from "./bench.ts";
import { AGENTS } from "./parallel.ts";
import { comparison, type Row } from "./report.ts";
import { wholeStack } from "./whole-stack.ts";

/** The runner gives memory back after 10 s. */
const IDLE_MS = 13_000;
const MAX_RUNNER_MIB = 60;

export async function benchMemory({ server }: Bench): Promise<Row[]> {
  const stack = await wholeStack(server, "2026-07-28");
  const ids = Array.from({ length: AGENTS }, (_, each) => `bench-memory-${each}`);
  await Promise.all(ids.map((id) => stack.say(id, { message: "Begin." })));
  await stack.close();
  await sleep(IDLE_MS);
  const of = (words: string, field: RegExp): number[] =>
    server
      .processes()
      .filter((pid) => commandLine(pid).includes(words))
      .map((pid) => mib(pid, field));
  return [
    comparison("idle agent: runner, MiB RSS", of("runner.cjs", RSS), "its Codex", of(" app-server ", RSS), {
      max: MAX_RUNNER_MIB,
    }),
    comparison("idle agent: runner, MiB PSS", of("runner.cjs", PSS), "its Codex", of(" app-server ", PSS), {}),
  ];
}

const RSS = /^Rss:\s+(\d+)/m;
/** What processes share is divided among them. */
const PSS = /^Pss:\s+(\d+)/m;

function mib(pid: number, field: RegExp): number {
  const [, kib] = field.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8")) ?? [];
  return Number(kib) / 1024;
}
