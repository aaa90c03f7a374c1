// What must hold of an agent's files and conversation when all is over, also on a disk that was lost, and that nothing stays behind
// when the agent is deleted.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { commandLine, kill } from "../support/processes.ts";
import { type Answer, callTool } from "./client.ts";
import type { Seen } from "./invariants.ts";
import { contentOf, fileOf, RUNS } from "./plan.ts";
import type { Stack } from "./stack.ts";

export interface AgentEnd {
  stack: Stack;
  agent: string;
  object: string;
  /** Its turns. */
  seen: readonly Seen[];
  /** A disk of it was lost on the way. */
  lostDisk: boolean;
  /** Whether its disk is taken away in its sleep, which saves what was not saved before, or from under it. */
  sleeps: boolean;
  /** Its container ended without a chance to save what it had. */
  lostContainer: boolean;
  /** There was a time at which nothing could be written: a command that failed then has made no file. */
  wasFull: boolean;
}

const Evidence = z.object({
  commands: z.array(z.object({ exit_code: z.number().nullable() })),
  changed_files: z.array(z.object({ path: z.string() })),
});
const SLEEP_TIMEOUT_MS = 20_000;
const GONE_TIMEOUT_MS = 6_000;
const LOOK_TIMEOUT_MS = 40_000;

/** Looks at the files, takes the agent's disk away, in its sleep or with its container, wakes it, and looks again. */
export async function agentProblems(end: AgentEnd): Promise<string[]> {
  // A disk that was lost comes back with the next turn only.
  const problems = fileProblems({ ...end, isNew: end.lostDisk }, "in the end");
  if (end.sleeps) problems.push(...(await put(end, { inactive_for_seconds: 0 }, "sleep")));
  else for (const pid of end.stack.processesOf(end.object)) kill(pid, "SIGKILL");
  rmSync(end.stack.directoryOf(end.object), { recursive: true, force: true, maxRetries: 5 });
  problems.push(...(await wake(end)));
  problems.push(...fileProblems({ ...end, isNew: false }, "on a new disk"));
  problems.push(...(await bucketProblems(end)));
  problems.push(...(await put(end, { inactive_for_seconds: 0, delete_data: true }, "be deleted")));
  return problems.map((problem) => `${end.agent}: ${problem}`);
}

function fileProblems(
  { stack, object, seen, lostContainer, wasFull, isNew }: AgentEnd & { isNew: boolean },
  when: string,
): string[] {
  const runs = read(stack.fileOf(object, RUNS)).split("\n");
  return seen.flatMap(({ run: { plan }, view }) => {
    const count = runs.filter((line) => line === plan.tag).length;
    const isDone =
      view?.status === "completed" && plan.kind === "write" && (!wasFull || hasChanged(view, fileOf(plan)));
    // What could not be saved says so, and goes with the disk.
    const mayLack = !isDone || isNew || (lostContainer && JSON.stringify(view).includes("were not saved"));
    const isThere = read(stack.fileOf(object, fileOf(plan))) === contentOf(plan);
    return [
      ...(count > 1 ? [`${plan.tag} ran its command ${count} times`] : []),
      ...(mayLack || (isThere && count === 1) ? [] : [`the files of ${plan.tag} are not in the workspace ${when}`]),
    ];
  });
}

/** In the bucket is what a checkpoint is made of, and nothing else for long. */
async function bucketProblems({ stack, agent, object }: AgentEnd): Promise<string[]> {
  const list = { by: "rest" as const, name: "list_checkpoints", parameters: { agent_id: agent } };
  let [listed, stored] = [0, 0];
  for (const deadline = Date.now() + GONE_TIMEOUT_MS; Date.now() < deadline; await sleep(100)) {
    const { checkpoints } = await callTool(stack, list);
    listed = Array.isArray(checkpoints) ? checkpoints.length : 0;
    stored = (await stack.remains()).objects.filter((key) => key.includes(object)).length;
    if (stored === listed) return [];
  }
  return [`${stored} objects are in the bucket for ${listed} checkpoints`];
}

/** Whether all that the turn ran came to a good end, and the file is in its evidence. */
function hasChanged({ evidence }: Answer, path: string): boolean {
  const { commands, changed_files } = Evidence.parse(evidence);
  return commands.every(({ exit_code }) => exit_code === 0) && changed_files.some((file) => file.path === path);
}

/** Sleep and deletion: both refuse an agent that is at work still. */
async function put({ stack, agent }: AgentEnd, parameters: object, what: string): Promise<string[]> {
  let last: Answer | undefined;
  for (const deadline = Date.now() + SLEEP_TIMEOUT_MS; Date.now() < deadline; await sleep(100)) {
    const call = {
      by: "rest" as const,
      name: "cleanup_inactive_agents",
      parameters: { agent_id: agent, ...parameters },
    };
    last = await callTool(stack, call).catch((error: unknown) => ({ status: String(error) }));
    const text = JSON.stringify(last);
    const isDone =
      "delete_data" in parameters ? /"stopped":\[\],"left":\[\]/.test(text) : /container is not up/.test(text);
    if (isDone) return [];
  }
  return [`it does not ${what}: ${JSON.stringify(last)}`];
}

async function wake({ stack, agent, seen, wasFull }: AgentEnd): Promise<string[]> {
  const prompt = `Look (#${agent}-look).`;
  const parameters = { agent_id: agent, message: prompt, wait_seconds: 30 };
  const signal = AbortSignal.timeout(LOOK_TIMEOUT_MS);
  const answer = await callTool(stack, { by: "2026", name: "chat", parameters, signal }).catch((error: unknown) => ({
    status: String(error),
  }));
  if (answer.status !== "completed") return [`it does not work any more: ${JSON.stringify(answer)}`];
  const asked = JSON.stringify(stack.model.requests.findLast(({ promptText }) => promptText.includes(prompt))?.body);
  return (
    seen
      .filter(({ run: { plan }, view }) => view?.status === "completed" && !asked.includes(`(#${plan.tag})`))
      // Codex says so where it could not write the conversation down.
      .filter(({ log }) => !(wasFull && log.some((line) => line.includes(" Warning: "))))
      .map(({ run: { plan } }) => `the conversation has forgotten ${plan.tag}`)
  );
}

/** Once all agents are deleted. */
export async function leftoverProblems(stack: Stack, objects: readonly string[]): Promise<string[]> {
  let problems: string[] = [];
  for (const deadline = Date.now() + GONE_TIMEOUT_MS; Date.now() < deadline; await sleep(100)) {
    const { leases, objects: stored } = await stack.remains();
    const processes = objects.flatMap((object) => stack.processesOf(object));
    problems = [
      ...processes.map((pid) => `process left: ${commandLine(pid).slice(0, 160)}`),
      ...leases.filter((holder) => objects.includes(holder)).map((holder) => `lease left: ${holder.slice(0, 8)}`),
      ...stored.filter((key) => objects.some((object) => key.includes(object))).map((key) => `object left: ${key}`),
      ...objects
        .filter((object) => existsSync(stack.directoryOf(object)))
        .map((object) => `disk left: ${object.slice(0, 8)}`),
      ...readdirSync(stack.tmpDir).map((name) => `temporary file left: ${name}`),
    ];
    if (problems.length === 0) return [];
  }
  return problems;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
