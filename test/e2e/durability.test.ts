// What survives when something on this machine ends: the server, the Worker, the process host, an agent's disk.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, type TestContext } from "vitest";
import { DevServer, Scratch } from "../support/dev-server.ts";
import { type FakeModel, startFakeModel } from "../support/fake-model/fake-model.ts";
import { type Step, script } from "../support/fake-model/script.ts";
import { kill } from "../support/processes.ts";
import { completed, connectV1, type Envelope } from "./clients.ts";

const agent_id = "keeps";

let model: FakeModel;

beforeAll(async () => {
  model = await startFakeModel();
});

afterAll(async () => {
  await model?.close();
});

describe.concurrent("with state that outlives its server", { timeout: 60_000 }, (it) => {
  it("goes on with a conversation after a restart that found the agents' disks empty", async (test) => {
    const { expect } = test;
    const scratch = makeScratch(test);
    const first = await start(test, scratch);
    const before = completed(await chat(first, "Remember heron-5."));
    await first.stop();
    rmSync(join(scratch.stateDir, "agents"), { recursive: true });
    const after = completed(await chat(await start(test, scratch), "What was the bird-word?"));
    expect(after.conversation_id).toBe(before.conversation_id);
    const [asked] = requestsAbout("heron-5");
    const [askedAgain] = requestsAbout("bird-word");
    expect(askedAgain?.headers["thread-id"]).toBe(asked?.headers["thread-id"]);
    expect(JSON.stringify(askedAgain?.body)).toContain("heron-5");
  });

  it("interrupts the turn that was at work when everything was killed, and never runs it again", async (test) => {
    const { expect } = test;
    const scratch = makeScratch(test);
    const first = await start(test, scratch);
    const turn_id = await startTurn(test, first, "Doomed.", { stallMs: 120_000 });
    await first.kill();
    const second = await start(test, scratch);
    const lost = await turnOf(second, turn_id);
    expect(lost).toMatchObject({ status: "interrupted", error: { code: "container_lost" } });
    expect(completed(await chat(second, "After the crash.")).conversation_id).toBe(lost.conversation_id);
    expect(requestsAbout("Doomed.")).toHaveLength(1);
  });

  it("interrupts the turn that was at work when the process host was killed, and serves the next", async (test) => {
    const { expect } = test;
    const server = await start(test, makeScratch(test));
    const turn_id = await startTurn(test, server, "Lost.", { stallMs: 120_000 });
    kill(server.pidOf("container/host/main.ts"), "SIGKILL");
    const lost = await turnOf(server, turn_id);
    expect(lost).toMatchObject({ status: "interrupted", error: { code: "container_lost" } });
    expect(completed(await chat(server, "After the host.")).conversation_id).toBe(lost.conversation_id);
    expect(requestsAbout("Lost.")).toHaveLength(1);
    expect(server.output).toContain("The process host ended; it is started again.");
  });

  it("starts an agent that is called while the process host is only just coming back", async (test) => {
    const { expect } = test;
    const server = await start(test, makeScratch(test));
    kill(server.pidOf("container/host/main.ts"), "SIGKILL");
    const { envelope } = await chat(server, "Are you there?");
    expect(envelope).toMatchObject({ status: "completed" });
  });

  it.for([
    { what: "the runtime that runs the Worker", words: ["workerd serve", "entry=127.0.0.1:0 "] },
    { what: "the runtime that listens", words: ["workerd serve", "entry=127.0.0.1:PORT "] },
    { what: "wrangler", words: ["wrangler-dist/cli.js"] },
  ])(
    "finishes the turn that was at work when $what was killed, without running it twice",
    async ({ what, words }, test) => {
      const { expect } = test;
      const server = await start(test, makeScratch(test));
      const message = `Outlive ${what}.`;
      const turn_id = await startTurn(test, server, message, { run: "sleep 1" }, { answer: { response: "Done." } });
      kill(server.pidOf(...words.map((word) => word.replace("PORT", String(server.port)))), "SIGKILL");
      await sleep(300); // A runtime that is killed is not gone at once.
      await server.untilServing();
      const turn = await turnOf(server, turn_id);
      expect(turn).toMatchObject({ status: "completed", result: { response: "Done." } });
      // One before the command and one after it.
      expect(requestsAbout(message)).toHaveLength(2);
    },
  );
});

function makeScratch({ onTestFinished }: TestContext): Scratch {
  const scratch = new Scratch();
  onTestFinished(() => scratch.remove());
  return scratch;
}

async function start({ onTestFinished }: TestContext, scratch: Scratch): Promise<DevServer> {
  const server = await DevServer.start({ scratch, env: { OPENAI_BASE_URL: model.url } });
  onTestFinished(() => server.kill());
  return server;
}

async function chat(server: DevServer, message: string, parameters: object = {}) {
  const session = await connectV1(server);
  const answer = await session.call("chat", { agent_id, message, ...parameters });
  await session.close();
  return answer;
}

/** Resolves to its id once the model has been asked, so that the turn is in the middle of its work. */
async function startTurn(
  { expect }: TestContext,
  server: DevServer,
  message: string,
  ...steps: Step[]
): Promise<string> {
  const { envelope } = await chat(server, `${message} ${script(...steps)}`, { wait_seconds: 0 });
  if (envelope.status !== "running") throw new Error(`the turn is ${JSON.stringify(envelope)}`);
  await expect.poll(() => requestsAbout(message).length, { timeout: 10_000 }).toBe(1);
  return envelope.turn_id;
}

/** As it stands once it has settled. */
async function turnOf(server: DevServer, turn_id: string): Promise<Envelope> {
  const session = await connectV1(server);
  const { envelope } = await session.call("get_turn", { agent_id, turn_id, wait_seconds: 20 });
  await session.close();
  return envelope;
}

function requestsAbout(text: string) {
  return model.requests.filter(({ promptText }) => promptText.includes(text));
}
