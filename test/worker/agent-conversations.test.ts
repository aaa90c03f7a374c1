// Which conversation a turn belongs to.
import { expect, test } from "vitest";
import { newAgent, run, turn } from "./support/agents.ts";
import { modelRequests } from "./support/lab.ts";

const it = test.concurrent;

it("goes on with the agent's current conversation where none is named", async () => {
  const agent = newAgent();
  const first = await run(agent, turn([{ say: "It was a Tuesday." }]));
  const request = turn();
  const second = await run(agent, request);
  expect(second.conversation_id).toBe(first.conversation_id);
  expect(await historyOf(request.prompt)).toContain("It was a Tuesday.");
});

it("begins a new conversation, which knows nothing of the old one and stays the current one", async () => {
  const agent = newAgent();
  const first = await run(agent, turn([{ say: "It was a Tuesday." }]));
  const request = turn([], { conversation_id: "new" });
  const second = await run(agent, request);
  expect(second.conversation_id).not.toBe(first.conversation_id);
  expect(await historyOf(request.prompt)).not.toContain("It was a Tuesday.");
  expect((await run(agent, turn())).conversation_id).toBe(second.conversation_id);
});

it("goes back to an earlier conversation by its id", async () => {
  const agent = newAgent();
  const first = await run(agent, turn([{ say: "It was a Tuesday." }]));
  await run(agent, turn([{ say: "It was a Friday." }], { conversation_id: "new" }));
  const request = turn([], { conversation_id: first.conversation_id });
  expect((await run(agent, request)).conversation_id).toBe(first.conversation_id);
  expect(await historyOf(request.prompt)).toContain("It was a Tuesday.");
  expect(await historyOf(request.prompt)).not.toContain("It was a Friday.");
});

it("refuses a conversation that it does not know, and accepts no turn for it", async () => {
  const agent = newAgent();
  const first = await run(agent, turn());
  const refused = await agent.startTurn(turn([], { conversation_id: "conv_0", request_id: "k" }));
  expect(refused).toMatchObject({ ok: false, code: "not_found" });
  const next = await run(agent, turn([], { request_id: "k" }));
  expect(next).toMatchObject({ status: "completed", conversation_id: first.conversation_id });
});

it("does not know the conversation of another agent", async () => {
  const { conversation_id } = await run(newAgent(), turn());
  expect(await newAgent().startTurn(turn([], { conversation_id }))).toMatchObject({ ok: false, code: "not_found" });
});

async function historyOf(prompt: string): Promise<string> {
  const [request] = await modelRequests(prompt);
  return JSON.stringify(request?.body);
}
