// Approvals while the agent's object, its container or the way between them is lost: an answer is kept, or refused with the reason;
// nothing is carried out that was not accepted; and nothing waits for ever.
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import type { CodexAgent } from "../../src/agent/codex-agent.ts";
import { abort, eventually, get, inStore, newAgent, run, settled, signal, start, turn } from "./support/agents.ts";
import { asked, LOST, outcomes, PATCH, question, SUGGEST, written } from "./support/asked.ts";
import { lab, modelRequests } from "./support/lab.ts";

const it = test.concurrent;
const [SIGKILL, SIGUSR2, SIGCONT, SIGSTOP] = [9, 12, 18, 19];

describe("the agent's object is lost", () => {
  it("before the question was stored: it is asked all the same, once", async () => {
    const agent = newAgent();
    const request = turn([{ run: "cat none" }, { stallMs: 700 }, PATCH, { say: "Done." }], SUGGEST);
    const { turn_id } = await start(agent, request);
    await eventually(async () => (await modelRequests(request.prompt)).length === 2, 15_000);
    const back = await abort(agent);
    const approvalId = await question(back, turn_id);
    expect((await get(back, turn_id)).approvals).toHaveLength(1);
    expect((await back.answerApproval(turn_id, approvalId, "accept")).ok).toBe(true);
    expect(outcomes(await settled(back, turn_id))).toEqual([["accept", "person"]]);
  });

  it("while it waits: the question stays, and its answer counts", async () => {
    const { agent, turnId, approvalId } = await asked();
    const back = await abort(agent);
    expect(await get(back, turnId)).toMatchObject({ status: "awaiting_approval" });
    expect((await back.answerApproval(turnId, approvalId, "accept")).ok).toBe(true);
    expect(await settled(back, turnId)).toMatchObject({ status: "completed", decided: [{ decision: "accept" }] });
    expect(await written(back)).toBe("hello\n");
  });

  it("while the answer is on its way: it counts once, or was never given", async () => {
    const { agent, turnId, approvalId } = await asked();
    const answering = agent.answerApproval(turnId, approvalId, "accept").then(
      () => {},
      () => {},
    );
    const back = await abort(agent);
    await answering;
    const again = await back.answerApproval(turnId, approvalId, "accept");
    if (!again.ok) expect(again).toMatchObject({ code: "conflict", message: expect.stringContaining("accept") });
    const view = await settled(back, turnId);
    expect(view.status).toBe("completed");
    expect(outcomes(view)).toEqual([["accept", "person"]]);
  });

  it("and the time runs out meanwhile: it is declined, and the late answer is told so", async () => {
    const { agent, turnId, approvalId } = await asked({ approval_timeout_ms: 1_500 });
    const back = await abort(agent);
    const view = await settled(back, turnId);
    expect(outcomes(view)).toEqual([["decline", "timeout"]]);
    expect(await back.answerApproval(turnId, approvalId, "accept")).toMatchObject({
      ok: false,
      code: "conflict",
      message: expect.stringContaining("in time"),
    });
    expect(await written(back)).toBeNull();
  });

  it("again and again: the question is still one", async () => {
    const { agent, turnId, approvalId } = await asked();
    let back = agent;
    for (let times = 0; times < 4; times++) {
      back = await abort(back);
      expect(await question(back, turnId)).toBe(approvalId);
    }
    expect((await back.answerApproval(turnId, approvalId, "decline")).ok).toBe(true);
    expect(outcomes(await settled(back, turnId))).toEqual([["decline", "person"]]);
  });
});

describe("the container is lost", () => {
  it("while the question waits: the turn is interrupted, the question void, and nothing carried out", async () => {
    const { agent, turnId, approvalId, prompt } = await asked();
    await signal(agent, SIGKILL);
    const view = await settled(agent, turnId);
    expect(view).toMatchObject({ ...LOST, approvals: [] });
    expect(outcomes(view)).toEqual([["decline", "end"]]);
    expect(await agent.answerApproval(turnId, approvalId, "accept")).toMatchObject({
      ok: false,
      code: "conflict",
      message: expect.stringMatching(/void.*turn ended.*not carried out/),
    });
    expect(await written(agent)).toBeNull();
    // What was void stays so in the next container.
    expect(await run(agent, turn([{ say: "Next." }], SUGGEST))).toMatchObject({ status: "completed", answer: "Next." });
    expect(await written(agent)).toBeNull();
    expect(await modelRequests(prompt)).toHaveLength(1);
  });

  it("together with the object: the same", async () => {
    const { agent, turnId, approvalId } = await asked();
    const back = await abort(agent);
    await lab.killAgent(agent);
    const view = await settled(back, turnId);
    expect(view).toMatchObject(LOST);
    expect(outcomes(view)).toEqual([["decline", "end"]]);
    expect(await back.answerApproval(turnId, approvalId, "accept")).toMatchObject({ ok: false, code: "conflict" });
    expect(await written(back)).toBeNull();
  });

  it("while an acceptance is on its way: nobody is told that it was, or was not, carried out", async () => {
    const { agent, turnId, approvalId } = await asked();
    // Neither takes in nor tells anything from here on, as a container in its last moments.
    await signal(agent, SIGSTOP);
    const answering = agent.answerApproval(turnId, approvalId, "accept");
    await eventually(() => inStore(agent, ({ approvals }) => approvals.list(turnId)[0]?.decision === "accept"));
    await signal(agent, SIGKILL);
    expect(await answering).toMatchObject({
      ok: false,
      code: "conflict",
      message: expect.stringMatching(/"accept" was taken.*not known.*workspace/),
    });
    const view = await settled(agent, turnId);
    expect(view).toMatchObject(LOST);
    expect(outcomes(view)).toEqual([["accept", "unconfirmed"]]);
    expect(await agent.answerApproval(turnId, approvalId, "accept")).toMatchObject({ ok: false, code: "conflict" });
  });

  it("while a refusal is on its way: it stays a refusal", async () => {
    const { agent, turnId, approvalId } = await asked();
    await signal(agent, SIGSTOP);
    const answering = agent.answerApproval(turnId, approvalId, "decline");
    await eventually(() => inStore(agent, ({ approvals }) => approvals.list(turnId)[0]?.decision === "decline"));
    await signal(agent, SIGKILL);
    await answering;
    const view = await settled(agent, turnId);
    expect(outcomes(view)).toEqual([["decline", "person"]]);
    expect(await written(agent)).toBeNull();
  });

  it("after the answer was carried out: the answer is shown, and the turn is interrupted", async () => {
    const agent = newAgent();
    const { turn_id } = await start(agent, turn([PATCH, { stallMs: 30_000 }], SUGGEST));
    const approvalId = await question(agent, turn_id);
    expect((await agent.answerApproval(turn_id, approvalId, "accept")).ok).toBe(true);
    await eventually(async () => (await written(agent)) !== null);
    await signal(agent, SIGKILL);
    const view = await settled(agent, turn_id);
    expect(view).toMatchObject(LOST);
    expect(outcomes(view)).toEqual([["accept", "person"]]);
  });

  it("asks anew, in the next turn, for what was accepted for the session", async () => {
    const { agent, turnId, approvalId } = await asked();
    expect((await agent.answerApproval(turnId, approvalId, "accept_for_session")).ok).toBe(true);
    await settled(agent, turnId);
    await signal(agent, SIGKILL);
    const next = await start(agent, turn([PATCH, { say: "Done." }], { ...SUGGEST, conversation_id: "new" }));
    const asksAgain = await question(agent, next.turn_id);
    expect((await agent.answerApproval(next.turn_id, asksAgain, "decline")).ok).toBe(true);
    await settled(agent, next.turn_id);
  });
});

describe("the way to the container breaks", () => {
  it("and the answer comes again by itself", async () => {
    const { agent, turnId, approvalId } = await asked();
    await runInDurableObject(agent, async (instance: CodexAgent, { container }) => {
      container?.signal(SIGUSR2);
      expect((await instance.answerApproval(turnId, approvalId, "accept")).ok).toBe(true);
    });
    expect(await settled(agent, turnId)).toMatchObject({ status: "completed", decided: [{ decision: "accept" }] });
    expect(await written(agent)).toBe("hello\n");
  });

  it("for a while: the answer is kept, nobody waits long for it, and it is carried out", async () => {
    const { agent, turnId, approvalId } = await asked();
    await signal(agent, SIGSTOP);
    const startedAt = Date.now();
    const answer = await agent.answerApproval(turnId, approvalId, "accept");
    expect(answer.ok).toBe(true);
    expect(Date.now() - startedAt).toBeLessThan(10_000);
    expect(await get(agent, turnId)).toMatchObject({
      status: "running",
      approvals: [],
      decided: [{ decision: "accept" }],
    });
    expect(await agent.answerApproval(turnId, approvalId, "decline")).toMatchObject({ ok: false, code: "conflict" });
    await signal(agent, SIGCONT);
    expect(await settled(agent, turnId)).toMatchObject({ status: "completed" });
    expect(await written(agent)).toBe("hello\n");
  });
});
