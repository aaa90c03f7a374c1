// A question that waits while programs of the server are killed: its turn goes on where its container is there, and is void where not.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, type TestContext } from "vitest";
import { DevServer, Scratch } from "../support/dev-server.ts";
import { type FakeModel, startFakeModel } from "../support/fake-model/fake-model.ts";
import { script } from "../support/fake-model/script.ts";
import { kill } from "../support/processes.ts";

const agent_id = "asks";
const PATCH = { patch: "*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch\n" };

interface Answer {
  status: string;
  turn_id: string;
  approvals?: { approval_id: string; by?: string }[];
  error?: { code: string; message: string };
  evidence?: { changed_files: { path: string }[] };
}

let model: FakeModel;

beforeAll(async () => {
  model = await startFakeModel();
});

afterAll(async () => {
  await model?.close();
});

describe.concurrent("a question that waits", { timeout: 90_000 }, (it) => {
  it("is void after everything was killed; a late answer is refused, and nothing was carried out", async (test) => {
    const { expect } = test;
    const scratch = makeScratch(test);
    const first = await start(test, scratch);
    const { turn_id, approval_id } = await asked(test, first);
    await first.kill();
    const second = await start(test, scratch);
    const lost = await afterTheQuestion(second, turn_id);
    expect(lost).toMatchObject({
      status: "interrupted",
      error: { code: "container_lost" },
      approvals: [{ approval_id, by: "end" }],
    });
    const late = await call(second, "answer_approval", { agent_id, turn_id, approval_id, decision: "accept" });
    expect(late.error).toMatchObject({ code: "conflict", message: expect.stringContaining("void") });
    // It works again, and asks anew.
    const again = await asked(test, second);
    expect(again.approval_id).not.toBe(approval_id);
    expect(isWritten(scratch)).toBe(false);
    const decided = { agent_id, turn_id: again.turn_id, approval_id: again.approval_id, decision: "accept" };
    await call(second, "answer_approval", decided);
    const done = await call(second, "get_turn", { agent_id, turn_id: again.turn_id, wait_seconds: 20 });
    expect(done).toMatchObject({ status: "completed", evidence: { changed_files: [{ path: "new.txt" }] } });
    expect(isWritten(scratch)).toBe(true);
  });

  it("still waits after the Worker was killed, and its answer is carried out once", async (test) => {
    const { expect } = test;
    const scratch = makeScratch(test);
    const server = await start(test, scratch);
    const { turn_id, approval_id } = await asked(test, server);
    kill(server.pidOf("workerd serve", "entry=127.0.0.1:0 "), "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 300)); // A runtime that is killed is not gone at once.
    await server.untilServing();
    expect(await call(server, "get_turn", { agent_id, turn_id })).toMatchObject({
      status: "awaiting_approval",
      approvals: [{ approval_id }],
    });
    expect(isWritten(scratch)).toBe(false);
    await call(server, "answer_approval", { agent_id, turn_id, approval_id, decision: "accept" });
    const done = await call(server, "get_turn", { agent_id, turn_id, wait_seconds: 20 });
    expect(done).toMatchObject({ status: "completed", evidence: { changed_files: [{ path: "new.txt" }] } });
    const twice = await call(server, "answer_approval", { agent_id, turn_id, approval_id, decision: "accept" });
    expect(twice.error).toMatchObject({ code: "conflict", message: expect.stringContaining('"accept" by a person') });
  });
});

function makeScratch({ onTestFinished }: TestContext): Scratch {
  const scratch = new Scratch();
  onTestFinished(() => scratch.remove());
  return scratch;
}

async function start({ onTestFinished }: TestContext, scratch: Scratch): Promise<DevServer> {
  const env = { OPENAI_BASE_URL: model.url, CODEX_APPROVAL_MODE: "suggest" };
  const server = await DevServer.start({ scratch, env });
  onTestFinished(() => server.kill());
  return server;
}

async function asked({ expect }: TestContext, server: DevServer): Promise<{ turn_id: string; approval_id: string }> {
  const task = `Write. ${script(PATCH, { answer: {} })}`;
  const parameters = { agent_id, task, target_files: ["new.txt"], model: "gpt-5.5", wait_seconds: 20 };
  const { status, turn_id, approvals } = await call(server, "implement", parameters);
  expect(status).toBe("awaiting_approval");
  return { turn_id, approval_id: approvals?.[0]?.approval_id ?? "" };
}

async function call({ url, token }: DevServer, tool: string, parameters: object): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(`${url}/tools/${tool}`, { method: "POST", headers, body: JSON.stringify(parameters) });
  return (await response.json()) as Answer; // the tests look at what they need of it
}

/** The agent finds out that its container is gone a moment after the server is back. */
async function afterTheQuestion(server: DevServer, turn_id: string): Promise<Answer> {
  for (;;) {
    const answer = await call(server, "get_turn", { agent_id, turn_id });
    if (answer.status !== "awaiting_approval") return answer;
    await sleep(100);
  }
}

function isWritten(scratch: Scratch): boolean {
  return scratch.agentDirs().some((directory) => existsSync(join(directory, "workspace/new.txt")));
}
