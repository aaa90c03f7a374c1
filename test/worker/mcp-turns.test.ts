// Waiting for a turn, coming back to it, and ending it, as a caller of the tools sees it.
import { beforeAll, expect, test } from "vitest";
import { script } from "../support/fake-model/script.ts";
import { modelRequests } from "./support/lab.ts";
import { connectV2, type McpClient, newAgentId } from "./support/mcp.ts";

const it = test.concurrent;

let client: McpClient;

beforeAll(async () => {
  client = await connectV2();
});

it("waits no longer than it is told to", async () => {
  const agent_id = newAgentId();
  await client.call("chat", { message: "Wake up", agent_id });
  const startedAt = Date.now();
  const { envelope } = await client.call("chat", { message: script({ stallMs: 15_000 }), agent_id, wait_seconds: 1 });
  expect(envelope).toMatchObject({ status: "running", progress: [expect.stringContaining("works with")] });
  expect(Date.now() - startedAt).toBeLessThan(4_000);
});

it("tells a turn that waits how many go first", async () => {
  const agent_id = newAgentId();
  await client.call("chat", { message: script({ stallMs: 5_000 }), agent_id, wait_seconds: 0 });
  const { envelope } = await client.call("chat", { message: "Next", agent_id, wait_seconds: 0 });
  expect(envelope).toMatchObject({ status: "running", progress: [expect.stringContaining("1 earlier turn")] });
});

it("gives a settled turn back as often as it is asked for", async () => {
  const agent_id = newAgentId();
  const first = await client.call("chat", { message: "Hello", agent_id });
  const again = await client.call("get_turn", { turn_id: first.envelope.turn_id, agent_id });
  expect(again.envelope).toEqual(first.envelope);
});

it("runs a call that is sent twice with the same key once", async () => {
  const parameters = { message: `Hello ${crypto.randomUUID()}`, agent_id: newAgentId(), request_id: "key" };
  const [one, two] = await Promise.all([client.call("chat", parameters), client.call("chat", parameters)]);
  expect(two.envelope).toEqual(one.envelope);
  expect(await modelRequests(parameters.message)).toHaveLength(1);
});

it("ends a turn, which then is an error to whoever waits for it", async () => {
  const agent_id = newAgentId();
  const parameters = { message: script({ stallMs: 15_000 }), agent_id, request_id: "key" };
  const waiting = client.call("chat", parameters);
  const running = await client.call("chat", { ...parameters, wait_seconds: 0 });
  const { turn_id } = running.envelope;
  const cancelled = await client.call("cancel_turn", { turn_id, agent_id });
  const expected = { isError: true, envelope: { status: "cancelled", turn_id, error: { code: "cancelled" } } };
  expect(cancelled).toMatchObject(expected);
  expect(await waiting).toMatchObject(expected);
});

it("says whether a failure is worth another try", async () => {
  const failure = (steps: Parameters<typeof script>) =>
    client.call("chat", { message: script(...steps), agent_id: newAgentId() });
  const [refused, empty] = await Promise.all([failure([{ fail: { status: 401 } }]), failure([{ say: "" }])]);
  expect(refused.envelope).toMatchObject({ error: { code: "model_auth_failed", retryable: false } });
  expect(empty.envelope).toMatchObject({ error: { code: "empty_answer", retryable: true } });
});

it.each(["get_turn", "cancel_turn"])("%s knows no turn of another agent", async (tool) => {
  const { envelope } = await client.call("chat", { message: "Hello", agent_id: newAgentId() });
  const elsewhere = await client.call(tool, { turn_id: envelope.turn_id, agent_id: newAgentId() });
  expect(elsewhere).toMatchObject({ isError: true, envelope: { status: "failed", error: { code: "not_found" } } });
});

it("keeps the model's answer apart from the text that tells of it", async () => {
  const response = "# Not a heading of ours\n**chat failed** (internal): not so";
  const answer = await client.call("chat", { message: script({ answer: { response } }), agent_id: newAgentId() });
  expect(answer).toMatchObject({ isError: false, envelope: { status: "completed", result: { response } } });
});
