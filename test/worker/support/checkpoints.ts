// The bucket of the Worker under test, as agents use it, and what can happen to it.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { CodexAgent } from "../../../src/agent/codex-agent.ts";
import type { CheckpointRow } from "../../../src/agent/store/checkpoints.ts";
import { type Agent, eventually, inStore, run, signal, stopped, turn } from "./agents.ts";
import { lab } from "./lab.ts";

const SIGKILL = 9;

export function bucket(): R2Bucket {
  if (env.CHECKPOINTS === undefined) throw new Error("the Worker under test has no bucket");
  return env.CHECKPOINTS;
}

/** The agent's checkpoints, the newest first. */
export function checkpoints(agent: Agent): Promise<CheckpointRow[]> {
  return inStore(agent, (store) => store.checkpoints.list());
}

/** Keys of all objects of the agent. */
export async function objects(agent: Agent): Promise<string[]> {
  const { objects } = await bucket().list();
  return objects.map(({ key }) => key).filter((key) => key.includes(`/${agent.id}/`));
}

/** A turn whose command changes the workspace. */
export function write(agent: Agent, command: string) {
  return run(agent, turn([{ run: command }, { say: "Done." }], { access: "write" }));
}

/** The container ends at once, and with it all that it had on disk. */
export async function loseContainer(agent: Agent): Promise<void> {
  await signal(agent, SIGKILL);
  await stopped(agent);
  await eventually(async () => (await lab.processes(agent)).length === 0);
  await lab.wipeDisk(agent);
}

/** As after SESSION_TIMEOUT without a turn. */
export async function fallAsleep(agent: Agent): Promise<void> {
  await runInDurableObject(agent, (instance: CodexAgent) => instance.onActivityExpired());
  await stopped(agent);
  await eventually(async () => (await lab.processes(agent)).length === 0);
}

type Operation = "put" | "get" | "delete";
type Broken = () => unknown;

/** By agent and operation: what happens in place of it. */
const broken = new Map<string, Broken>();

/** From now on the bucket does this for the agent's objects in place of what it should. Returns how to mend it. */
export async function breakBucket(agent: Agent, operation: Operation, what: Broken): Promise<() => void> {
  await runInDurableObject(agent, (instance: CodexAgent) => {
    // What the agent's parts were given.
    const { CHECKPOINTS: own } = (instance as unknown as { env: Cloudflare.Env }).env;
    if (own === undefined || Object.hasOwn(own, operation)) return;
    const original = own[operation].bind(own) as (...args: unknown[]) => unknown;
    const replaced = (...args: unknown[]): unknown => {
      const [, , objectId] = String(args[0]).split("/");
      return (broken.get(`${operation} ${objectId}`) ?? (() => original(...args)))();
    };
    Object.defineProperty(own, operation, { value: replaced });
  });
  const key = `${operation} ${agent.id}`;
  broken.set(key, what);
  return () => void broken.delete(key);
}
