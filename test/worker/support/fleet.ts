// Directories, and the tools as a caller of any name uses them.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createLogger } from "../../../container/lib/log.ts";
import { type Config, readConfig } from "../../../src/config.ts";
import type { Directory } from "../../../src/fleet/directory.ts";
import { MIGRATIONS } from "../../../src/fleet/migrations.ts";
import { AgentIndex } from "../../../src/fleet/store.ts";
import type { AgentReport } from "../../../src/lib/agent-report.ts";
import { migrate } from "../../../src/lib/migrate.ts";
import { SCOPES } from "../../../src/lib/scopes.ts";
import type { CallContext } from "../../../src/tools/call-context.ts";
import { TOOLS, type ToolAnswer } from "../../../src/tools/catalogue.ts";
import { type Step, script } from "../../support/fake-model/script.ts";
import type { Agent } from "./agents.ts";

/** A user that no other test knows. */
export function newUser(overrides: Partial<Config> = {}): CallContext {
  const config = { ...readConfig(env), ...overrides };
  return {
    userId: crypto.randomUUID(),
    clientId: "client",
    scopes: SCOPES,
    config,
    agents: env.CODEX_AGENT,
    directories: env.DIRECTORY,
    turnRate: env.TURN_RATE,
    origin: "https://codex.example",
    correlationId: "req_test_1",
    log: createLogger(console.log, "DEBUG", {}),
    signal: new AbortController().signal,
    isCancelled: () => false,
    onProgress: () => {},
  };
}

export function agentNamed(user: CallContext, agentId: string): Agent {
  return env.CODEX_AGENT.getByName(`${user.userId}/${agentId}`);
}

export function directoryOf(user: CallContext): DurableObjectStub<Directory> {
  return env.DIRECTORY.getByName(user.userId);
}

/** Throws for an unknown tool. */
export function callTool(user: CallContext, name: string, parameters: object = {}): Promise<ToolAnswer> {
  const tool = TOOLS.find((each) => each.name === name);
  if (tool === undefined) throw new Error(`no tool ${name}`);
  return tool.run(parameters, user);
}

/** What the tool answers, as a test reads it. Throws where it failed. */
export async function look<Answer = Record<string, unknown>>(
  user: CallContext,
  name: string,
  parameters: object = {},
): Promise<Answer> {
  const { structured, failure } = await callTool(user, name, parameters);
  if (failure !== null) throw new Error(JSON.stringify(structured));
  return structured as Answer; // the test says what it expects
}

/** A chat whose model does `steps`; returns its envelope. */
export async function chat(user: CallContext, agent_id: string, ...steps: readonly Step[]) {
  const message = `Hello ${crypto.randomUUID()}. ${script(...(steps.length === 0 ? [{ answer: { response: "Hi." } }] : steps))}`;
  return look<{ status: string; turn_id: string; conversation_id: string }>(user, "chat", { message, agent_id });
}

/** As chat, without waiting for its end. */
export async function beginChat(user: CallContext, agent_id: string, ...steps: readonly Step[]) {
  const message = `Hello ${crypto.randomUUID()}. ${script(...steps)}`;
  const begun = await look<{ turn_id: string }>(user, "chat", { message, agent_id, wait_seconds: 0 });
  return { ...begun, message };
}

export async function inIndex<T>(
  user: CallContext,
  work: (index: AgentIndex, sql: SqlStorage) => T | Promise<T>,
): Promise<T> {
  return await runInDurableObject(directoryOf(user), (_, { storage }) => {
    migrate(storage, MIGRATIONS);
    return work(new AgentIndex(storage.sql), storage.sql);
  });
}

/** A sleeping agent, as it would report itself. */
export function report(agent_id: string, overrides: Partial<AgentReport> = {}): AgentReport {
  return {
    agent_id,
    number: 1,
    session_id: "0123456789abcdef",
    status: "sleeping",
    container_id: null,
    created_at: 1_000,
    last_active_at: 1_000,
    turns: 1,
    conversation_id: "conv_1",
    ...overrides,
  };
}
