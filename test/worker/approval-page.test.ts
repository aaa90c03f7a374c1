// The page for one waiting approval: it shows what Codex wants to do, and whoever is first decides.
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { OWNER_ID } from "../../src/lib/account.ts";
import { script } from "../support/fake-model/script.ts";
import { type Agent, eventually, get, signal, start, turn } from "./support/agents.ts";
import { Browser, TEAM } from "./support/browser.ts";
import { callTool, newUser } from "./support/fleet.ts";
import { lab } from "./support/lab.ts";

const HOSTILE = `<script>alert("x")</script>`;
const PATCH = { patch: `*** Begin Patch\n*** Add File: new.txt\n+hello ${HOSTILE}\n*** End Patch\n` };

/** An agent of the owner: the gateway knows people by the environment of the Worker itself, which has no {@link TEAM}. */
async function waiting() {
  const browser = new Browser(TEAM);
  await browser.signIn();
  const userId = OWNER_ID;
  const agentId = `helper-${crypto.randomUUID()}`;
  const agent: Agent = env.CODEX_AGENT.getByName(`${userId}/${agentId}`);
  const prompt = `Hello. ${script(PATCH, { say: "done" })}`;
  const request = {
    user_id: userId,
    agent_id: agentId,
    access: "write",
    approval_mode: "suggest",
    model: "gpt-5.5",
  } as const;
  const { turn_id } = await start(agent, turn([], { ...request, prompt }));
  const asked = await eventually(async () => (await get(agent, turn_id)).approvals[0], 15_000);
  return {
    browser,
    agent,
    turn_id,
    path: `/approvals/${agentId}/${turn_id}/${asked.approval_id}`,
    approvalId: asked.approval_id,
  };
}

const settled = (agent: Agent, turnId: string) =>
  eventually(async () => ((await get(agent, turnId)).status === "completed" ? get(agent, turnId) : null), 15_000);

describe("an approval that waits", () => {
  it("is shown as text, whatever the model has put in it, with what can be decided", async () => {
    const { browser, agent, turn_id, path } = await waiting();
    const page = await browser.get(path);
    const html = await page.text();
    expect(page.status).toBe(200);
    expect(html).toContain("Codex asks to change files");
    expect(html).toContain("new.txt");
    expect(html).not.toContain("<script");
    for (const decision of ["accept", "accept_for_session", "decline"]) expect(html).toContain(`value="${decision}"`);
    await browser.post(path, { decision: "decline" });
    await settled(agent, turn_id);
  });

  it("is accepted by a click, and Codex goes on", async () => {
    const { browser, agent, turn_id, path } = await waiting();
    const answer = await browser.post(path, { decision: "accept" });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, path]);
    const { evidence } = await settled(agent, turn_id);
    expect(evidence?.changed_files).toMatchObject([{ path: "new.txt" }]);
    expect(await (await browser.get(path)).text()).toContain("Accepted by a person.");
  });

  it("that somebody else has decided says so", async () => {
    const { browser, agent, turn_id, path, approvalId } = await waiting();
    expect((await agent.answerApproval(turn_id, approvalId, "decline")).ok).toBe(true);
    const late = await browser.post(path, { decision: "accept" });
    expect([late.status, await late.text()]).toEqual([409, expect.stringContaining("decided before")]);
    const { evidence } = await settled(agent, turn_id);
    expect(evidence?.changed_files).toEqual([]);
    expect(await (await browser.get(path)).text()).toContain("Declined by a person.");
  });

  it("is void where its task has lost its container, on a page that was opened before", async () => {
    const { browser, agent, turn_id, path, approvalId } = await waiting();
    expect(await (await browser.get(path)).text()).toContain("Codex asks to change files");
    await signal(agent, 9);
    await eventually(async () => (await get(agent, turn_id)).status === "interrupted");
    const late = await browser.post(path, { decision: "accept" });
    expect([late.status, await late.text()]).toEqual([409, expect.stringContaining("Void: the task ended before")]);
    expect(await lab.readFile(agent, "new.txt")).toBeNull();
    const agent_id = (await get(agent, turn_id)).agent_id;
    const { structured, text } = await callTool({ ...newUser(), userId: OWNER_ID }, "get_turn", { agent_id, turn_id });
    expect(structured).toMatchObject({
      status: "interrupted",
      error: { code: "container_lost" },
      approvals: [{ approval_id: approvalId, decision: "decline", by: "end" }],
    });
    expect(text).toContain(`${approvalId}: void, not carried out`);
  });

  it("is not there for another user, who learns no more than of one that never was", async () => {
    const { browser, agent, turn_id, path } = await waiting();
    const other = new Browser(TEAM);
    await other.signInAsSomebody();
    const missing = `/approvals/helper/turn_0/approval_0`;
    const [theirs, nobodys] = [await other.get(path), await other.get(missing)];
    expect([theirs.status, await theirs.text()]).toEqual([nobodys.status, await nobodys.text()]);
    expect((await other.post(path, { decision: "accept" })).status).toBe(404);
    await browser.post(path, { decision: "decline" });
    expect((await settled(agent, turn_id)).evidence?.approvals).toMatchObject([{ decision: "decline" }]);
  });

  it.each(["", "maybe", "cancel", "accept accept"])("is not decided by %j", async (decision) => {
    const { browser, agent, turn_id, path } = await waiting();
    expect((await browser.post(path, { decision })).status).toBe(400);
    expect((await get(agent, turn_id)).approvals).toHaveLength(1);
    await browser.post(path, { decision: "decline" });
    await settled(agent, turn_id);
  });
});

it.each([
  "/approvals/a%2Fb/turn_1/approval_1",
  "/approvals/..%2Fowner/turn_1/approval_1",
  "/approvals/helper/%3Cscript%3E/approval_1",
  `/approvals/${"x".repeat(200)}/turn_1/approval_1`,
])("%s leads nowhere", async (path) => {
  const browser = new Browser(TEAM);
  await browser.signInAsSomebody();
  const response = await browser.get(path);
  expect([response.status, await response.text()]).toEqual([404, expect.not.stringContaining("<script")]);
});
