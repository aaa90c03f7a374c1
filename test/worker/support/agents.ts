// Agents of the Worker under test, spoken to over their RPC as the tools do it.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { CodexAgent } from "../../../src/agent/codex-agent.ts";
import { AgentStore } from "../../../src/agent/store/store.ts";
import type { TurnRequest, TurnView, WatchLine } from "../../../src/agent/types.ts";
import { unwrap } from "../../../src/errors.ts";
import { readNdjson } from "../../../src/lib/ndjson.ts";
import { type Step, script } from "../../support/fake-model/script.ts";

export type Agent = DurableObjectStub<CodexAgent>;

/** One that no other test knows. */
export function newAgent(): Agent {
  return env.CODEX_AGENT.getByName(`owner/${crypto.randomUUID()}`);
}

/** A free-text chat whose model does `steps`; `overrides` come on top. */
export function turn(steps: readonly Step[] = [], overrides: Partial<TurnRequest> = {}): TurnRequest {
  return {
    user_id: "owner",
    agent_id: "a1",
    tool: "chat",
    prompt: `Hello ${crypto.randomUUID()}. ${script(...steps)}`,
    output_schema: null,
    access: "read",
    model: null,
    effort: null,
    conversation_id: null,
    request_id: null,
    timeout_ms: 60_000,
    approval_mode: "auto",
    approval_timeout_ms: 60_000,
    correlation_id: "req_test",
    ...overrides,
  };
}

export async function start(agent: Agent, request: TurnRequest): Promise<TurnView> {
  return unwrap(await agent.startTurn(request));
}

export async function get(agent: Agent, turnId: string): Promise<TurnView> {
  return unwrap(await agent.getTurn(turnId));
}

export async function* watch(agent: Agent, turnId: string, after = 0): AsyncGenerator<WatchLine, void, undefined> {
  // Our own Durable Object's lines.
  for await (const line of readNdjson(unwrap(await agent.watchTurn(turnId, after)))) yield line as WatchLine;
}

/** The turn once it has settled. */
export async function settled(agent: Agent, turnId: string): Promise<TurnView> {
  for await (const line of watch(agent, turnId)) if (line.type === "view") return line.view;
  throw new Error("the stream ended without the settled turn");
}

export async function run(agent: Agent, request: TurnRequest): Promise<TurnView> {
  return settled(agent, (await start(agent, request)).turn_id);
}

/** Resolves when `isDone` gives something else than undefined, null or false. */
export async function eventually<T>(isDone: () => Promise<T> | T, withinMs = 10_000): Promise<NonNullable<T>> {
  for (const deadline = Date.now() + withinMs; ; ) {
    const value = await isDone();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`nothing came of it within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Sends the signal to the agent's runner, by way of its process host. */
export async function signal(agent: Agent, number: number): Promise<void> {
  await runInDurableObject(agent, (_, { container }) => container?.signal(number));
}

/** Resolves when the agent's container is down, and the agent's object knows it. */
export async function stopped(agent: Agent): Promise<void> {
  await eventually(() => runInDurableObject(agent, (_, { container }) => container?.running === false));
}

/** The object's isolate is gone, with all that it had in memory and in flight. Returns a stub that brings it back. */
export async function abort(agent: Agent): Promise<Agent> {
  const reason = "aborted by the test";
  const aborting = runInDurableObject(agent, (_, state) => state.abort(reason));
  await expect(aborting).rejects.toThrow(reason);
  return env.CODEX_AGENT.get(agent.id);
}

/** What of the agent's database the callback reads. */
export async function inStore<T>(
  agent: Agent,
  read: (store: AgentStore, sql: SqlStorage) => T | Promise<T>,
): Promise<T> {
  return await runInDurableObject(agent, (_, { storage }) => read(new AgentStore(storage), storage.sql));
}
