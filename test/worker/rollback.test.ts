// A rollback brings files and conversation back to how they were after a turn, and can itself be undone.
import { expect, test } from "vitest";
import { unwrap } from "../../src/errors.ts";
import { type Agent, eventually, inStore, newAgent, run, start, turn } from "./support/agents.ts";
import { breakBucket, bucket, checkpoints, loseContainer, write } from "./support/checkpoints.ts";
import { agentNamed, callTool, chat, look, newUser } from "./support/fleet.ts";
import { lab, modelRequests } from "./support/lab.ts";

const it = test.concurrent;

it("brings files and conversation back to after a turn", async () => {
  const agent = newAgent();
  const { first } = await threeTurns(agent);
  const done = unwrap(await agent.rollBack(first));
  expect(done.conversation_id).toBe(await inStore(agent, ({ conversations }) => conversations.current().id));
  expect(await files(agent)).toBe("1.txt ");
  expect(await told(agent)).toEqual(["first"]);
});

it("goes on from there: in files, conversation and checkpoints, also on another disk", async () => {
  const agent = newAgent();
  const { first } = await threeTurns(agent);
  unwrap(await agent.rollBack(first));
  await say(agent, "fourth", "touch 4.txt");
  expect(await told(agent)).toEqual(["first", "fourth"]);
  await loseContainer(agent);
  expect(await told(agent)).toEqual(["first", "fourth"]);
  expect(await files(agent)).toBe("1.txt 4.txt ");
});

it("can be undone, and the undoing too", async () => {
  const agent = newAgent();
  const { first } = await threeTurns(agent);
  const { undo_checkpoint_id: undo } = unwrap(await agent.rollBack(first));
  await say(agent, "fourth", "touch 4.txt");
  const { undo_checkpoint_id: redo } = unwrap(await agent.rollBack(undo));
  expect(await files(agent)).toBe("1.txt 2.txt 3.txt ");
  expect(await told(agent)).toEqual(["first", "second", "third"]);
  unwrap(await agent.rollBack(redo));
  expect(await files(agent)).toBe("1.txt 4.txt ");
  expect(await told(agent)).toEqual(["first", "fourth"]);
});

it("goes to a turn that was rolled back before", async () => {
  const agent = newAgent();
  const { first, second } = await threeTurns(agent);
  unwrap(await agent.rollBack(first));
  unwrap(await agent.rollBack(second));
  expect(await files(agent)).toBe("1.txt 2.txt ");
  expect(await told(agent)).toEqual(["first", "second"]);
});

it("takes files back that no turn has made, and keeps them for the undoing", async () => {
  const agent = newAgent();
  const { first } = await threeTurns(agent);
  await lab.writeFile(agent, "by-hand.txt", "precious");
  const { undo_checkpoint_id } = unwrap(await agent.rollBack(first));
  expect(await lab.readFile(agent, "by-hand.txt")).toBeNull();
  unwrap(await agent.rollBack(undo_checkpoint_id));
  expect(await lab.readFile(agent, "by-hand.txt")).toBe("precious");
});

it("goes to a turn before there were any files", async () => {
  const agent = newAgent();
  const { turn_id } = await say(agent, "zeroth");
  await say(agent, "first", "touch 1.txt");
  expect(unwrap(await agent.rollBack(turn_id))).toMatchObject({ checkpoint_id: null });
  expect(await files(agent)).toBe("");
  expect(await told(agent)).toEqual(["zeroth"]);
});

it("leaves other conversations as they are", async () => {
  const agent = newAgent();
  const { first, conversation } = await threeTurns(agent);
  const other = await run(agent, turn([{ say: "The other word." }], { conversation_id: "new" }));
  unwrap(await agent.rollBack(first));
  expect(await told(agent, conversation)).toEqual(["first"]);
  const { prompt, ...rest } = turn([], { conversation_id: other.conversation_id });
  await run(agent, { prompt, ...rest });
  expect(JSON.stringify(await modelRequests(prompt))).toContain("The other word.");
});

it("brings back by its undoing also which conversation goes on", async () => {
  const agent = newAgent();
  const { first } = await threeTurns(agent);
  const other = await run(agent, turn([], { conversation_id: "new" }));
  const { undo_checkpoint_id: undo, conversation_id } = unwrap(await agent.rollBack(first));
  expect(conversation_id).not.toBe(other.conversation_id);
  expect(unwrap(await agent.rollBack(undo))).toMatchObject({ conversation_id: other.conversation_id });
  expect(await run(agent, turn())).toMatchObject({ conversation_id: other.conversation_id });
});

it("is refused while a turn is at work, and for what is not there", async () => {
  const agent = newAgent();
  const { turn_id } = await start(agent, turn([{ stallMs: 1_500 }]));
  expect(await agent.rollBack(turn_id)).toMatchObject({ ok: false, code: "conflict" });
  expect(await newAgent().rollBack("turn_1")).toMatchObject({ ok: false, code: "not_found" });
  expect(await newAgent().rollBack("ckpt_1")).toMatchObject({ ok: false, code: "not_found" });
});

it("lets a turn that comes meanwhile wait", async () => {
  const agent = newAgent();
  const { first } = await threeTurns(agent);
  const [done, view] = await Promise.all([agent.rollBack(first), laterTurn(agent)]);
  unwrap(done);
  expect(view).toMatchObject({ status: "completed", answer: "Later." });
  expect(await files(agent)).toBe("1.txt ");
});

it("changes nothing where the present state cannot be saved", async () => {
  const agent = newAgent();
  const { first } = await threeTurns(agent);
  const mend = await breakBucket(agent, "put", () => Promise.reject(new Error("R2 is down")));
  expect(await agent.rollBack(first)).toMatchObject({ ok: false, code: "storage_unavailable" });
  mend();
  expect(await files(agent)).toBe("1.txt 2.txt 3.txt ");
  expect(await told(agent)).toEqual(["first", "second", "third"]);
});

it("changes nothing where what it would go back to turns out to be damaged", async () => {
  const agent = newAgent();
  const { first, second } = await threeTurns(agent);
  unwrap(await agent.rollBack(first));
  await say(agent, "fourth", "touch 4.txt");
  const damaged = (await checkpoints(agent)).find(({ turn_id }) => turn_id === second);
  await bucket().put(damaged?.key ?? "", "garbage");
  expect(await agent.rollBack(second)).toMatchObject({ ok: false, code: "conflict" });
  expect(await files(agent)).toBe("1.txt 4.txt ");
  expect(await told(agent)).toEqual(["first", "fourth"]);
  expect((await agent.listCheckpoints()).filter(({ is_damaged }) => is_damaged)).toHaveLength(3);
});

it("is refused for a turn whose files were not saved", async () => {
  const agent = newAgent();
  const mend = await breakBucket(agent, "put", () => Promise.reject(new Error("R2 is down")));
  const { turn_id } = await write(agent, "touch 1.txt");
  mend();
  expect(await agent.rollBack(turn_id)).toMatchObject({ ok: false, code: "conflict" });
});

it("is a tool, beside the list of what there is to go back to", async () => {
  const user = newUser();
  await chat(user, "a1");
  const agent = agentNamed(user, "a1");
  const { turn_id } = await run(agent, turn([{ run: "touch 1.txt" }, { say: "Done." }], { access: "write" }));
  await run(agent, turn([{ run: "touch 2.txt" }, { say: "Done." }], { access: "write" }));
  const list = () => look<{ checkpoints: Record<string, unknown>[] }>(user, "list_checkpoints", { agent_id: "a1" });
  const { checkpoints: before } = await list();
  expect(before).toMatchObject([{ is_current: true }, { is_current: false, turn_ids: [turn_id], is_base: true }]);
  const { undo_checkpoint_id } = await look<Record<string, string>>(user, "rollback", { agent_id: "a1", turn_id });
  expect(await files(agent)).toBe("1.txt ");
  expect((await list()).checkpoints).toMatchObject([
    { checkpoint_id: undo_checkpoint_id, reason: "before_rollback", is_current: false },
    { is_current: false },
    { is_current: true },
  ]);
  const other = newUser();
  expect(await callTool(other, "rollback", { agent_id: "a1", turn_id })).toMatchObject({ failure: "not_found" });
  expect(await look(other, "list_checkpoints", { agent_id: "a1" })).toMatchObject({ checkpoints: [] });
});

/** Three turns, each with a word to remember and a file. */
async function threeTurns(agent: Agent) {
  const first = await say(agent, "first", "touch 1.txt");
  const second = await say(agent, "second", "touch 2.txt");
  await say(agent, "third", "touch 3.txt");
  return { first: first.turn_id, second: second.turn_id, conversation: first.conversation_id };
}

function say(agent: Agent, word: string, command?: string) {
  const steps = [...(command === undefined ? [] : [{ run: command }]), { say: `The ${word} word.` }];
  return run(agent, turn(steps, { access: command === undefined ? "read" : "write" }));
}

async function laterTurn(agent: Agent) {
  await eventually(() => inStore(agent, ({ checkpoints }) => checkpoints.list()[0]?.reason === "before_rollback"));
  return run(agent, turn([{ say: "Later." }]));
}

/** What the model is told of earlier turns, by a turn that leaves a word of its own. */
async function told(agent: Agent, conversationId: string | null = null): Promise<string[]> {
  const request = turn([{ say: "Told." }], { conversation_id: conversationId });
  expect(await run(agent, request)).toMatchObject({ status: "completed" });
  const [asked] = await modelRequests(request.prompt);
  const text = JSON.stringify(asked?.body);
  const words = ["zeroth", "first", "second", "third", "fourth"];
  // Once as what the script says, once as what was answered.
  return words.filter((word) => text.includes(`The ${word} word.`));
}

function files(agent: Agent): Promise<string> {
  return lab.shell(agent, "ls | tr '\\n' ' '");
}
