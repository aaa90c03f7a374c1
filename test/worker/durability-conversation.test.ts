// A conversation outlives the disk on which Codex keeps it.
import { expect, test } from "vitest";
import { type Agent, eventually, inStore, newAgent, run, signal, stopped, turn } from "./support/agents.ts";
import { lab, modelRequests } from "./support/lab.ts";

const it = test.concurrent;

const SIGTERM = 15;

it("carries earlier turns to the model after the agent's disk is gone, in the same thread of Codex", async () => {
  const agent = newAgent();
  await run(agent, turn([{ say: "My name is Ada." }]));
  const before = await thread(agent);
  await run(agent, turn([{ run: "echo from-the-second-turn" }, { say: "Noted." }]));
  await loseDisk(agent);
  const third = turn([{ say: "Still Ada." }]);
  expect(await run(agent, third)).toMatchObject({ status: "completed", answer: "Still Ada." });
  const [asked] = await modelRequests(third.prompt);
  expect(JSON.stringify(asked?.body)).toContain("My name is Ada.");
  expect(JSON.stringify(asked?.body)).toContain("from-the-second-turn");
  expect(await thread(agent)).toBe(before);
});

it("keeps what was said after the disk was gone, also when it is lost again", async () => {
  const agent = newAgent();
  for (const word of ["first", "second", "third"]) {
    await run(agent, turn([{ say: `The ${word} word.` }]));
    await loseDisk(agent);
  }
  const last = turn();
  await run(agent, last);
  const [asked] = await modelRequests(last.prompt);
  const told = JSON.stringify(asked?.body);
  expect(["first", "second", "third"].filter((word) => told.includes(`The ${word} word.`))).toHaveLength(3);
});

it("restores a conversation that is stored in many pieces, to the character", async () => {
  const agent = newAgent();
  const long = "漢".repeat(150_000);
  await run(agent, turn([], { prompt: `Remember this: ${long} the end` }));
  expect(await inStore(agent, (_, sql) => sql.exec("SELECT * FROM rollouts").toArray().length)).toBeGreaterThan(3);
  await loseDisk(agent);
  const next = turn();
  expect(await run(agent, next)).toMatchObject({ status: "completed" });
  const [asked] = await modelRequests(next.prompt);
  expect(JSON.stringify(asked?.body).includes(`${long} the end`)).toBe(true);
});

it("keeps conversations apart after the disk is gone", async () => {
  const agent = newAgent();
  const first = await run(agent, turn([{ say: "Of apples." }]));
  const second = await run(agent, turn([{ say: "Of pears." }], { conversation_id: "new" }));
  await loseDisk(agent);
  const apples = turn([], { conversation_id: first.conversation_id });
  const pears = turn([], { conversation_id: second.conversation_id });
  await run(agent, apples);
  await run(agent, pears);
  const [toApples] = await modelRequests(apples.prompt);
  const [toPears] = await modelRequests(pears.prompt);
  expect(JSON.stringify(toApples?.body)).toContain("Of apples.");
  expect(JSON.stringify(toApples?.body)).not.toContain("Of pears.");
  expect(JSON.stringify(toPears?.body)).toContain("Of pears.");
});

async function loseDisk(agent: Agent): Promise<void> {
  await signal(agent, SIGTERM);
  await stopped(agent);
  await eventually(async () => (await lab.processes(agent)).length === 0);
  await lab.wipeDisk(agent);
}

function thread(agent: Agent): Promise<string | null> {
  return inStore(agent, ({ conversations }) => conversations.current().thread_id);
}
