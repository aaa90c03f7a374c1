// One turn of an agent through its RPC, with the real runner and the real Codex behind it.
import { expect, test } from "vitest";
import type { Json } from "../../src/agent/types.ts";
import { get, inStore, newAgent, run, start, turn } from "./support/agents.ts";
import { modelRequests } from "./support/lab.ts";

const it = test.concurrent;

const CITY: Readonly<Record<string, Json>> = {
  type: "object",
  properties: { city: { type: "string" }, people: { type: "integer" } },
  required: ["city", "people"],
  additionalProperties: false,
};

it("completes with the model's answer, its usage and who gave it", async () => {
  const view = await run(newAgent(), turn([{ say: "Hi there." }]));
  expect(view).toMatchObject({ status: "completed", answer: "Hi there.", error: null, tool: "chat", agent_id: "a1" });
  expect(view.usage?.output_tokens).toBeGreaterThan(0);
  expect(view.evidence?.model).toMatch(/^gpt-/);
  expect(view.evidence?.codex_version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(view.settled_at).toBeGreaterThanOrEqual(view.started_at ?? Number.POSITIVE_INFINITY);
});

it("gives back an answer that fits the schema of the request", async () => {
  const answer = { city: "Bergen", people: 290_000 };
  const view = await run(newAgent(), turn([{ answer }], { output_schema: CITY }));
  expect(JSON.parse(view.answer ?? "null")).toEqual(answer);
});

it("asks the model once more for an answer that does not fit the schema", async () => {
  const view = await run(newAgent(), turn([{ say: "Bergen, I think." }], { output_schema: CITY }));
  expect(view.status).toBe("completed");
  expect(JSON.parse(view.answer ?? "null")).toEqual({ city: expect.any(String), people: expect.any(Number) });
});

it("fails with what to do next where the model gives no answer", async () => {
  const view = await run(newAgent(), turn([{ say: "" }]));
  expect(view).toMatchObject({ status: "failed", answer: null, error: { code: "empty_answer" } });
  expect(view.error?.message).toContain("Try again");
});

it("shows a model API that refuses the key as a failure of the server's credential", async () => {
  const view = await run(newAgent(), turn([{ fail: { status: 401 } }]));
  expect(view).toMatchObject({ status: "failed", error: { code: "model_auth_failed" } });
  expect(view.error?.message).toContain("OPENAI_API_KEY");
});

it("fails an unknown model before the model is asked anything, and names the known ones", async () => {
  const request = turn([{ say: crypto.randomUUID() }], { model: "gpt-nonsense" });
  const view = await run(newAgent(), request);
  expect(view).toMatchObject({ status: "failed", error: { code: "unknown_model" } });
  expect(view.error?.message).toMatch(/gpt-\d/);
  expect(await modelRequests(request.prompt)).toEqual([]);
});

it("ends a turn at its deadline", async () => {
  const view = await run(newAgent(), turn([{ stallMs: 15_000 }], { timeout_ms: 700 }));
  expect(view).toMatchObject({ status: "failed", error: { code: "deadline_exceeded" } });
});

it("stores every event of a turn up to its last one, in order and without a gap", async () => {
  const agent = newAgent();
  const steps = [{ reasoning: "Thinking." }, { run: "echo one" }, { run: "echo two" }, { say: "Done." }];
  const { turn_id } = await run(agent, turn(steps));
  await inStore(agent, ({ turns }, sql) => {
    const stored = [...turns.events(turn_id)].map(({ seq }) => seq);
    // Pieces of the rollout and the result are stored in places of their own.
    const pieces = sql.exec("SELECT * FROM rollouts").toArray().length;
    const last = turns.find(turn_id)?.last_seq ?? 0;
    expect(stored).toEqual([...new Set(stored)].sort((a, b) => a - b));
    expect(stored.length + pieces + 1).toBe(last);
    expect([...turns.events(turn_id)].map(({ body }) => body.type)).toEqual([
      "started",
      "progress",
      ...["command_started", "command_finished", "command_started", "command_finished"],
      "message",
    ]);
  });
});

it("answers for a turn that it never had as not found", async () => {
  const agent = newAgent();
  const missing = { ok: false, code: "not_found" };
  expect(await agent.getTurn("turn_0")).toMatchObject(missing);
  expect(await agent.watchTurn("turn_0", 0)).toMatchObject(missing);
  expect(await agent.cancelTurn("turn_0")).toMatchObject(missing);
});

it("shows a turn from the moment it is accepted", async () => {
  const agent = newAgent();
  const accepted = await start(agent, turn([{ stallMs: 300 }]));
  expect(accepted).toMatchObject({ status: "queued", queue_position: 0, answer: null, settled_at: null });
  expect(await get(agent, accepted.turn_id)).toMatchObject({ turn_id: accepted.turn_id, settled_at: null });
});
