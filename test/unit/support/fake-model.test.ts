// The fake model is only worth something if the real Codex takes it for a model: these tests drive the real binary.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AppServer, makeScratchDir } from "../../support/app-server-driver.ts";
import { type FakeModel, startFakeModel } from "../../support/fake-model/fake-model.ts";
import { type Step, script } from "../../support/fake-model/script.ts";

const outputSchema = {
  type: "object",
  properties: { verdict: { type: "string", enum: ["pass", "fail"] }, note: { type: "string" } },
  required: ["verdict", "note"],
  additionalProperties: false,
};

let model: FakeModel;
let codex: AppServer;
let cwd: string;

beforeAll(async () => {
  cwd = makeScratchDir("fake-model-");
  model = await startFakeModel();
  codex = await AppServer.start({ baseUrl: model.url });
});

afterAll(async () => {
  await codex.close();
  await model.close();
  rmSync(cwd, { recursive: true });
});

describe.each(["gpt-5.5", "gpt-6.1-sol"])("Codex with %s", (slug) => {
  const startThread = () => codex.startThread({ cwd, model: slug });

  async function runInFreshThread(prompt: string, params?: object) {
    const thread = await startThread();
    const turn = await codex.runTurn(thread, prompt, params);
    return { turn, text: turn.items.at(-1)?.text, requests: requestsOf(thread), items: itemsOf(turn.id) };
  }

  function expectOneTurn(...steps: Step[]) {
    return runInFreshThread(`Please work.\n${script(...steps)}\nThank you.`);
  }

  it("runs a command and tells the model its output", async () => {
    const path = `${slug}-run.txt`;
    const run = `echo "a <b> & \\"c\\"" > ${path}; echo out-of-$((40 + 2))`;
    const { turn, text, requests, items } = await expectOneTurn({ run }, { say: "done" });
    expect(readFileSync(join(cwd, path), "utf8")).toBe('a <b> & "c"\n');
    expect(turn.status).toBe("completed");
    expect(text).toBe("done");
    expect(requests).toHaveLength(2);
    expect(lastItem(requests[1])).toMatchObject({ type: expect.stringMatching(/_call_output$/) });
    expect(JSON.stringify(lastItem(requests[1]))).toContain("out-of-42");
    expect(items).toContainEqual(expect.objectContaining({ type: "commandExecution", exitCode: 0 }));
  });

  it("changes a file by a patch", async () => {
    const path = `${slug}-patch.txt`;
    writeFileSync(join(cwd, path), "one\ntwo\n");
    const patch = `*** Begin Patch\n*** Update File: ${path}\n@@\n one\n-two\n+2\n*** End Patch\n`;
    const { text, items } = await expectOneTurn({ patch }, { say: "patched" });
    expect(readFileSync(join(cwd, path), "utf8")).toBe("one\n2\n");
    expect(text).toBe("patched");
    expect(items).toContainEqual(expect.objectContaining({ type: "fileChange", status: "completed" }));
  });

  it("makes the calls of one step in one response and then does the next step", async () => {
    const calls = [{ run: "echo left" }, { run: "echo right" }];
    const { text, requests, items } = await expectOneTurn({ calls }, { run: "echo after" }, { say: "all three" });
    expect(text).toBe("all three");
    expect(requests).toHaveLength(3);
    expect(JSON.stringify(requests[1]?.body)).toMatch(/left\\*n.*right\\*n/s);
    expect(outputs(items)).toEqual(["after\n", "left\n", "right\n"]);
  });

  it("asks for approval of an escalated command", async () => {
    const thread = await codex.startThread({ cwd, model: slug, sandbox: "read-only" });
    const prompt = script({ run: "echo approved", escalate: "to see it asked" }, { say: "ok" });
    const turn = await codex.runTurn(thread, prompt);
    expect(codex.notifications).toContainEqual(
      expect.objectContaining({
        method: "serverRequest/resolved",
        params: expect.objectContaining({ threadId: thread }),
      }),
    );
    expect(outputs(itemsOf(turn.id))).toEqual(["approved\n"]);
  });

  it("answers with an instance of the output schema around the given parts", async () => {
    const prompt = `Judge.\n${script({ run: "true" }, { answer: { verdict: "fail" } })}`;
    const { text } = await runInFreshThread(prompt, { outputSchema });
    expect(JSON.parse(text ?? "")).toEqual({ verdict: "fail", note: "Judge." });
  });

  it("answers an unscripted prompt by the schema or by an echo", async () => {
    const withSchema = await runInFreshThread("Look at\nthe moon", { outputSchema });
    expect(JSON.parse(withSchema.text ?? "")).toEqual({ verdict: "pass", note: "the moon" });
    expect((await runInFreshThread("Look at the sun")).text).toBe("echo: Look at the sun");
  });

  it.each([429, 500])("recovers from HTTP %i when it is told to come back", async (status) => {
    const headers = { "retry-after": "0" };
    const { turn, text, requests } = await expectOneTurn({ fail: { status, headers, times: 1 } }, { say: "recovered" });
    expect(turn.status).toBe("completed");
    expect(text).toBe("recovered");
    expect(requests).toHaveLength(2);
  });

  it("recovers from a connection that drops in mid-stream", async () => {
    const { turn, text, requests } = await expectOneTurn({ cut: { times: 1 } }, { say: "whole" });
    expect(turn.status).toBe("completed");
    expect(text).toBe("whole");
    expect(requests.map(({ connectionClosed }) => connectionClosed)).toEqual([false, false]);
  });

  it("fails a turn with an event of the model", async () => {
    const error = { code: "context_length_exceeded", message: "too long" };
    const { turn } = await expectOneTurn({ event: { type: "response.failed", response: { error } } });
    expect(turn).toMatchObject({ status: "failed", error: { codexErrorInfo: "contextWindowExceeded" } });
  });

  it("completes a turn without any message when it says nothing", async () => {
    const { turn, items } = await expectOneTurn({ say: "" });
    expect(turn.status).toBe("completed");
    expect(items.map(({ type }) => type)).toEqual(["userMessage"]);
  });

  it("shows reasoning and goes on after a pause in the same response", async () => {
    const { text, requests, items } = await expectOneTurn({ reasoning: "**Think**" }, { stallMs: 50 }, { say: "so" });
    expect(text).toBe("so");
    expect(requests).toHaveLength(1);
    expect(items).toContainEqual(expect.objectContaining({ type: "reasoning", summary: ["**Think**"] }));
  });

  it("starts the script of each turn of a thread at its first step, also after a compaction", async () => {
    const thread = await startThread();
    const twice = script({ run: "echo again" }, { cut: { times: 1 } }, { run: "echo more" }, { say: "end" });
    for (const round of ["first", "second"]) {
      const turn = await codex.runTurn(thread, twice);
      expect(outputs(itemsOf(turn.id)), round).toEqual(["again\n", "more\n"]);
      expect(turn.items.at(-1)?.text).toBe("end");
    }
    await codex.request("thread/compact/start", { threadId: thread });
    await expect.poll(() => completedTurnsOf(thread)).toBe(3);
    expect(requestsOf(thread)).toHaveLength(9);
    const turn = await codex.runTurn(thread, script({ run: "echo compact" }, { say: "after" }));
    expect(outputs(itemsOf(turn.id))).toEqual(["compact\n"]);
    expect(JSON.stringify(requestsOf(thread).at(-1)?.body)).toContain("Summary of");
  });

  it("takes a steering message for the prompt from then on", async () => {
    const thread = await startThread();
    const finished = codex.runTurn(thread, script({ run: "sleep 0.3" }, { say: "not steered" }));
    const { turnId } = await codex.waitForNotification("item/started", ({ threadId }) => threadId === thread);
    const input = [{ type: "text", text: "Turn left" }];
    await codex.request("turn/steer", { threadId: thread, expectedTurnId: turnId, input });
    expect((await finished).items.at(-1)?.text).toBe("echo: Turn left");
  });

  it("sees an interrupted turn as a closed connection", async () => {
    const thread = await startThread();
    const finished = codex.runTurn(thread, script({ stallMs: 60_000 }, { say: "never" }));
    const started = await codex.waitForNotification("turn/started", ({ threadId }) => threadId === thread);
    await expect.poll(() => requestsOf(thread).length).toBe(1);
    await codex.request("turn/interrupt", { threadId: thread, turnId: (started.turn as { id: string }).id });
    expect((await finished).status).toBe("interrupted");
    await expect.poll(() => requestsOf(thread)[0]?.connectionClosed).toBe(true);
  });
});

it("is the only thing that Codex contacts, and by one path", () => {
  expect([...new Set(model.requests.map(({ method, path }) => `${method} ${path}`))]).toEqual(["POST /v1/responses"]);
});

function requestsOf(thread: string) {
  return model.requests.filter(({ headers }) => headers["thread-id"] === thread);
}

function completedTurnsOf(thread: string): number {
  const completed = codex.notifications.filter(({ method }) => method === "turn/completed");
  return completed.filter(({ params }) => params.threadId === thread).length;
}

function lastItem(request: { body: unknown } | undefined) {
  const body = request?.body as { input: object[] } | undefined;
  return body?.input.at(-1);
}

function itemsOf(turnId: string) {
  const completed = codex.notifications.filter(({ method }) => method === "item/completed");
  const ofTurn = completed.filter(({ params }) => params.turnId === turnId);
  return ofTurn.map(({ params }) => params.item as { type: string; aggregatedOutput?: string });
}

function outputs(items: { aggregatedOutput?: string }[]) {
  return items.flatMap(({ aggregatedOutput }) => aggregatedOutput ?? []).sort();
}
