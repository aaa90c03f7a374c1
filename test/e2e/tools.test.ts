// What users do with a running server, through the official clients, from the client to the real Codex and back.
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DevServer } from "../support/dev-server.ts";
import { type FakeModel, startFakeModel } from "../support/fake-model/fake-model.ts";
import { script } from "../support/fake-model/script.ts";
import { CLIENTS, completed, connectV1, connectV2, connectV2Modern } from "./clients.ts";

let model: FakeModel;
let server: DevServer;

beforeAll(async () => {
  model = await startFakeModel();
  server = await DevServer.start({ env: { OPENAI_BASE_URL: model.url } });
});

afterAll(async () => {
  await server?.stop();
  await model?.close();
});

describe.each(CLIENTS)("the $client", ({ client, revision, connect }) => {
  const agent_id = client.replaceAll(/\W+/g, "-");
  const file = `${agent_id}.txt`;

  it("negotiates its protocol revision and lists the tools", async () => {
    const session = await connect(server);
    expect(session.protocolVersion).toMatch(revision);
    expect(session.toolNames).toEqual(expect.arrayContaining(["chat", "implement", "get_turn", "cancel_turn"]));
    await session.close();
  });

  it("chats and gets the answer in the tool's own type", async () => {
    const session = await connect(server);
    const answer = { response: "Forty-two.", suggestions: ["ask again"], confidence_score: 0.5 };
    const reply = await session.call("chat", { agent_id, message: `How much? ${script({ answer })}` });
    const { result, agent_id: answeredBy, usage } = completed(reply);
    expect(result).toEqual({ ...answer, follow_up_questions: [], context_used: [] });
    expect(answeredBy).toBe(agent_id);
    expect(usage.input_tokens).toBeGreaterThan(0);
    expect(reply.isError).toBe(false);
    expect(reply.text).toContain("Forty-two.");
    await session.close();
  });

  it("lets Codex change files and gets what was observed as evidence", async () => {
    const session = await connect(server);
    const patch = `*** Begin Patch\n*** Add File: ${file}\n+written by Codex\n*** End Patch\n`;
    const steps = [{ patch }, { run: `cat ${file}` }, { run: "exit 3" }, { answer: { integration_notes: "Done." } }];
    const { result, evidence } = completed(
      await session.call("implement", { agent_id, task: `Write. ${script(...steps)}`, target_files: [file] }),
    );
    expect(result).toMatchObject({ integration_notes: "Done.", changes: [{ file, action: "create" }] });
    expect(evidence.changed_files).toEqual([expect.objectContaining({ path: file, action: "create" })]);
    expect(evidence.diff).toMatch(new RegExp(`^diff --git a/${file} b/${file}$`, "m"));
    expect(evidence.diff).toMatch(/^\+written by Codex$/m);
    expect(evidence.commands).toEqual([
      expect.objectContaining({ command: expect.stringContaining(`cat ${file}`), exit_code: 0 }),
      expect.objectContaining({ command: expect.stringContaining("exit 3"), exit_code: 3 }),
    ]);
    expect(evidence.model).toMatch(/^gpt-/);
    expect(evidence.codex_version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(readWorkspaceFile(file)).toBe("written by Codex\n");
    await session.close();
  });

  it("hears of progress while the turn is at work", async () => {
    const session = await connect(server);
    const heard: { message: string; at: number }[] = [];
    const message = `Wait. ${script({ run: "sleep 0.8; echo rested" }, { answer: {} })}`;
    await session.call("chat", { agent_id, message }, (text) => heard.push({ message: text, at: Date.now() }));
    const answeredAt = Date.now();
    const running = heard.find((progress) => progress.message.includes("sleep 0.8"));
    expect(answeredAt - (running?.at ?? answeredAt)).toBeGreaterThan(500);
    expect(heard[0]?.message).toMatch(/^Codex \d+\.\d+\.\d+ works with gpt-/);
    await session.close();
  });
});

it("remembers a conversation across clients and protocol revisions", async () => {
  const agent_id = "remembers";
  const ids = new Set<string>();
  for (const [index, connect] of [connectV1, connectV2, connectV2Modern].entries()) {
    const session = await connect(server);
    const reply = await session.call("chat", { agent_id, message: `This is word-${index}.` });
    ids.add(completed(reply).conversation_id);
    await session.close();
  }
  expect(ids.size).toBe(1);
  expect(historyOf("word-2")).toMatch(/word-0.*word-1.*word-2/s);
});

it("keeps what one agent was told from another one", async () => {
  const session = await connectV1(server);
  const first = completed(await session.call("chat", { agent_id: "knows", message: "The word is tulip-17." }));
  const second = completed(await session.call("chat", { agent_id: "unaware", message: "Say the secret-word." }));
  expect(second.conversation_id).not.toBe(first.conversation_id);
  expect(historyOf("Say the secret-word.")).not.toContain("tulip-17");
  await session.close();
});

it("lets two agents work at the same time", async () => {
  const session = await connectV2Modern(server);
  const agents = ["left", "right"];
  await Promise.all(agents.map((agent_id) => session.call("chat", { agent_id, message: "Get up." })));
  const message = `Slow. ${script({ stallMs: 1_500 }, { answer: {} })}`;
  const answers = await Promise.all(agents.map((agent_id) => session.call("chat", { agent_id, message })));
  expect(answers.map(({ envelope }) => envelope.status)).toEqual(["completed", "completed"]);
  // Each answer is held back for 1.5 s, so the later question was asked before the earlier one was answered.
  const [first = 0, last = 0] = requestsAbout("Slow.").map(({ receivedAt }) => receivedAt);
  expect(last - first).toBeLessThan(1_500);
  await session.close();
});

it("hands back a running turn after wait_seconds, and its result by get_turn", async () => {
  const session = await connectV1(server);
  const message = `Later. ${script({ stallMs: 1_500 }, { answer: { response: "Here it is." } })}`;
  const { envelope } = await session.call("chat", { agent_id: "patient", message, wait_seconds: 1 });
  expect(envelope).toMatchObject({ status: "running", next: expect.stringContaining("get_turn") });
  const { turn_id } = envelope;
  const later = await session.call("get_turn", { agent_id: "patient", turn_id, wait_seconds: 20 });
  expect(completed(later).result.response).toBe("Here it is.");
  await session.close();
});

it.each([
  { status: 401, code: "model_auth_failed", retryable: false },
  { status: 429, code: "model_rate_limited", retryable: true },
])("answers $code when the model API keeps answering $status", async ({ status, code, retryable }) => {
  const session = await connectV2(server);
  const headers = { "retry-after": "0" };
  const message = `Fail ${status}. ${script({ fail: { status, headers } })}`;
  const { envelope, isError, text } = await session.call("chat", { agent_id: `fails-${status}`, message });
  expect(envelope).toMatchObject({ status: "failed", error: { code, retryable } });
  expect(isError).toBe(true);
  expect(text).toContain(code);
  await session.close();
});

it("gets over one failure of the model API", async () => {
  const session = await connectV1(server);
  const message = `Once. ${script({ fail: { status: 500, times: 1 } }, { answer: { response: "Fine." } })}`;
  const reply = await session.call("chat", { agent_id: "recovers", message });
  expect(completed(reply).result.response).toBe("Fine.");
  expect(requestsAbout("Once.")).toHaveLength(2);
  await session.close();
});

it("says that it tries again when the model API breaks off", async () => {
  const session = await connectV1(server);
  const heard: string[] = [];
  const message = `Cut. ${script({ cut: { times: 1 } }, { answer: { response: "Fine." } })}`;
  const reply = await session.call("chat", { agent_id: "reports", message }, (line) => heard.push(line));
  expect(completed(reply).result.response).toBe("Fine.");
  expect(heard.join("\n")).toContain("trying again");
  await session.close();
});

it("writes JSON lines that carry the caller's correlation id through the Worker, the Durable Object and the runner", async () => {
  const session = await connectV1(server, { "x-correlation-id": "my-correlation-id-1" });
  const { turn_id } = completed(await session.call("chat", { agent_id: "traced", message: "Trace me." }));
  const partsThatSpoke = () =>
    jsonLines(server.lines)
      .filter((line) => line.correlation_id === "my-correlation-id-1" && line.turn_id === turn_id)
      .map(({ part }) => part);
  await expect.poll(() => [...new Set(partsThatSpoke())].sort()).toEqual(["agent", "runner", "worker"]);
  await session.close();
});

it("refuses a wrong token and a missing one", async () => {
  const init = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };
  const wrong = { ...init, headers: { ...init.headers, authorization: "Bearer wrong" } };
  for (const request of [init, wrong]) {
    const response = await fetch(`${server.url}/mcp`, request);
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/);
  }
  await expect(connectV1({ url: server.url, token: "wrong" })).rejects.toThrow(/401|unauthorized/i);
});

it.each([
  { what: "under a name that a web page gave this machine", headers: { host: "rebound.example" } },
  { what: "from a web page of elsewhere", headers: { origin: "https://elsewhere.example" } },
])("refuses a call $what, even with the right token", async ({ headers }) => {
  const authorization = `Bearer ${server.token}`;
  // fetch() lets nobody choose the Host header.
  const call = request(`${server.url}/mcp`, { method: "POST", headers: { authorization, ...headers } }).end("{}");
  const [response] = await once(call, "response");
  response.resume();
  expect(response.statusCode).toBe(403);
});

it("tells anybody that it is healthy, and no more", async () => {
  const response = await fetch(`${server.url}/health`);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    status: "ok",
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  });
});

it("offers nobody wrangler's explorer of the agents' storage", async () => {
  for (const path of ["/cdn-cgi/explorer", "/cdn-cgi/explorer/api/", "/cdn-cgi/local/explorer/api/"]) {
    expect((await fetch(`${server.url}${path}`)).status, path).toBe(404);
  }
});

function requestsAbout(text: string) {
  return model.requests.filter(({ promptText }) => promptText.includes(text));
}

/** All that the model was told in the newest request whose prompt holds `text`. */
function historyOf(text: string): string {
  const body = requestsAbout(text).at(-1)?.body as { input?: unknown } | undefined;
  if (body?.input === undefined) throw new Error(`the model was never asked about ${text}`);
  return JSON.stringify(body.input);
}

/** Of whichever agent has it: the directories are named by ids that no client sees. */
function readWorkspaceFile(name: string): string | undefined {
  const paths = server.scratch.agentDirs().map((directory) => join(directory, "workspace", name));
  const path = paths.find((candidate) => existsSync(candidate));
  return path === undefined ? undefined : readFileSync(path, "utf8");
}

function jsonLines(lines: readonly string[]): Record<string, unknown>[] {
  return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}
