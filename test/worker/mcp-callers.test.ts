// Every caller has agents of their own; those of others answer exactly as agents and turns that do not exist.
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { createLogger } from "../../container/lib/log.ts";
import { readConfig } from "../../src/config.ts";
import type { CallContext } from "../../src/tools/call-context.ts";
import type { Envelope } from "../../src/tools/envelope.ts";
import { CODEX_TOOLS } from "../../src/tools/registry.ts";
import { runCodexTool } from "../../src/tools/run-codex-tool.ts";
import { cancelTurn, getTurn } from "../../src/tools/turn-tools.ts";
import { script } from "../support/fake-model/script.ts";
import { modelRequests } from "./support/lab.ts";

const it = test.concurrent;

it("gives two callers different agents under the same name", async () => {
  const [ada, bob] = [newCaller(), newCaller()];
  const hers = await chat(ada, script({ answer: { response: "Ada's secret." } }));
  const question = crypto.randomUUID();
  const his = await chat(bob, question);
  expect(his.conversation_id).not.toBe(hers.conversation_id);
  expect(JSON.stringify((await modelRequests(question))[0]?.body)).not.toContain("Ada's secret.");
});

it("does not know another caller's turn, in the words for one that does not exist", async () => {
  const [ada, bob] = [newCaller(), newCaller()];
  const { turn_id } = await chat(ada, "Hello");
  const others = await getTurn.run({ turn_id }, bob);
  const missing = await getTurn.run({ turn_id: "turn_0" }, bob);
  expect(others).toEqual(missing);
  expect(others).toMatchObject({ status: "failed", error: { code: "not_found" } });
});

it("does not end another caller's turn", async () => {
  const [ada, bob] = [newCaller(), newCaller()];
  const started = await chat(ada, script({ stallMs: 300 }, { answer: { response: "Undisturbed." } }), 0);
  expect(await cancelTurn.run({ turn_id: started.turn_id }, bob)).toMatchObject({ error: { code: "not_found" } });
  const ended = await getTurn.run({ turn_id: started.turn_id }, ada);
  expect(ended).toMatchObject({ status: "completed", result: { response: "Undisturbed." } });
});

it("does not go on with another caller's conversation", async () => {
  const [ada, bob] = [newCaller(), newCaller()];
  const { conversation_id } = await chat(ada, "Hello");
  const envelope = await call("chat", { message: "Go on", conversation_id }, bob);
  expect(envelope).toMatchObject({ status: "failed", error: { code: "not_found" } });
});

it("does not join another caller's request", async () => {
  const [ada, bob] = [newCaller(), newCaller()];
  const parameters = { message: `Hello ${crypto.randomUUID()}`, request_id: "key" };
  const [hers, his] = await Promise.all([call("chat", parameters, ada), call("chat", parameters, bob)]);
  expect(his.turn_id).not.toBe(hers.turn_id);
  expect(await modelRequests(parameters.message)).toHaveLength(2);
});

function newCaller(): CallContext {
  return {
    userId: `user-${crypto.randomUUID()}`,
    clientId: "test",
    scopes: [],
    config: readConfig(env),
    agents: env.CODEX_AGENT,
    directories: env.DIRECTORY,
    turnRate: env.TURN_RATE,
    origin: "https://codex.example",
    correlationId: "req_test",
    log: createLogger(() => {}, "ERROR"),
    signal: new AbortController().signal,
    isCancelled: () => false,
    onProgress: () => {},
  };
}

async function chat(caller: CallContext, message: string, wait_seconds = 20): Promise<Envelope> {
  const envelope = await call("chat", { message, wait_seconds }, caller);
  if (envelope.status === "failed") throw new Error(envelope.error.message);
  return envelope;
}

function call(name: string, parameters: object, caller: CallContext): Promise<Envelope> {
  const tool = CODEX_TOOLS.find((candidate) => candidate.name === name);
  if (tool === undefined) throw new Error(`no tool ${name}`);
  return runCodexTool(tool, parameters, caller);
}
