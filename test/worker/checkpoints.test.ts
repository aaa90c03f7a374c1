// An agent's files outlive the disk of its container: saved to the bucket after each turn that changed something, put back before
// the first turn on an empty disk.
import { expect, test } from "vitest";
import { eventually, inStore, newAgent, run, settled, start, turn } from "./support/agents.ts";
import { bucket, checkpoints, fallAsleep, loseContainer, objects, write } from "./support/checkpoints.ts";
import { lab, modelRequests } from "./support/lab.ts";

const it = test.concurrent;

it("has saved the files of a turn when its result is given out", async () => {
  const agent = newAgent();
  const { turn_id, evidence } = await write(agent, "echo one > a.txt");
  const [checkpoint] = await checkpoints(agent);
  expect(checkpoint).toMatchObject({ parent: null, reason: "turn", turn_id });
  const object = await bucket().head(checkpoint?.key ?? "");
  expect(object?.size).toBe(checkpoint?.bytes);
  expect(checkpoint?.key).toBe(`agents/owner/${agent.id}/${checkpoint?.id}.tar.zst`);
  expect(evidence?.notes).toEqual([]);
});

it("goes on with its files after the container and its disk are gone", async () => {
  const agent = newAgent();
  await write(agent, "echo one > a.txt; mkdir -p d/empty; ln -s a.txt link; echo '#!/bin/sh' > run; chmod 755 run");
  await write(agent, "rm run; echo two >> a.txt");
  await loseContainer(agent);
  const { evidence } = await run(agent, turn([{ run: "cat link; ls -R" }, { say: "Seen." }]));
  expect(evidence?.notes).toEqual([]);
  expect(await lab.readFile(agent, "a.txt")).toBe("one\ntwo\n");
  expect(await lab.shell(agent, "find . | sort | tr '\n' ' '; readlink link")).toBe(
    ". ./a.txt ./d ./d/empty ./link a.txt\n",
  );
});

it("saves nothing for a turn that only reads, and nothing where nothing changed", async () => {
  const agent = newAgent();
  await write(agent, "echo one > a.txt");
  await run(agent, turn([{ run: "cat a.txt" }]));
  await write(agent, "cat a.txt");
  expect(await checkpoints(agent)).toHaveLength(1);
  expect(await objects(agent)).toHaveLength(1);
});

it("saves also what no evidence shows: ignored files and the repository itself", async () => {
  const agent = newAgent();
  await write(agent, "echo 'x/' > .gitignore; mkdir x; echo built > x/out");
  // Codex keeps its commands out of .git.
  await lab.shell(agent, "git init -q .");
  const { evidence } = await write(agent, "echo again > x/out");
  expect(evidence?.changed_files).toEqual([]);
  expect(await checkpoints(agent)).toHaveLength(2);
  await loseContainer(agent);
  await run(agent, turn());
  expect(await lab.readFile(agent, "x/out")).toBe("again\n");
  expect(await lab.readFile(agent, ".git/HEAD")).toContain("ref:");
});

it("saves what changed only, also after it was put back on another disk", async () => {
  const agent = newAgent();
  await write(agent, "head -c 300000 /dev/urandom > big; echo one > a.txt");
  await loseContainer(agent);
  await write(agent, "echo two > a.txt");
  const [delta, base] = await checkpoints(agent);
  expect(base?.bytes).toBeGreaterThan(300_000);
  expect(delta).toMatchObject({ parent: base?.id });
  expect(delta?.bytes).toBeLessThan(2_000);
});

it("saves what a turn changed that failed, and one that was cancelled", async () => {
  const agent = newAgent();
  const failing = turn([{ run: "echo one > a.txt" }, { say: "" }], { access: "write" });
  expect(await run(agent, failing)).toMatchObject({ status: "failed" });
  const stalled = turn([{ run: "echo two > b.txt" }, { stallMs: 15_000 }], { access: "write" });
  const { turn_id } = await start(agent, stalled);
  await eventually(async () => (await modelRequests(stalled.prompt)).length === 2);
  await agent.cancelTurn(turn_id);
  await loseContainer(agent);
  await run(agent, turn());
  expect([await lab.readFile(agent, "a.txt"), await lab.readFile(agent, "b.txt")]).toEqual(["one\n", "two\n"]);
});

it("works on the last checkpoint after a turn whose container is lost, and does not repeat the turn", async () => {
  const agent = newAgent();
  await write(agent, "echo kept > a.txt");
  const request = turn([{ run: "echo lost > a.txt" }, { stallMs: 15_000 }], { access: "write" });
  const { turn_id } = await start(agent, request);
  await eventually(async () => (await modelRequests(request.prompt)).length === 2);
  await loseContainer(agent);
  expect(await settled(agent, turn_id)).toMatchObject({ status: "interrupted", error: { code: "container_lost" } });
  const next = turn();
  const view = await run(agent, next);
  expect(await lab.readFile(agent, "a.txt")).toBe("kept\n");
  expect(await modelRequests(request.prompt)).toHaveLength(2);
  // People are told, and the model, which remembers changes that are gone.
  const note = "The container ended before the last changes in it were saved.";
  expect(view.evidence?.notes).toEqual([expect.stringContaining(note)]);
  expect(JSON.stringify(await modelRequests(next.prompt))).toContain(note);
  expect((await run(agent, turn())).evidence?.notes).toEqual([]);
});

it("saves what changed between two turns before the container sleeps", async () => {
  const agent = newAgent();
  await write(agent, "echo one > a.txt");
  await lab.writeFile(agent, "by-hand.txt", "precious");
  await fallAsleep(agent);
  expect((await checkpoints(agent))[0]).toMatchObject({ reason: "sleep", turn_id: null });
  await lab.wipeDisk(agent);
  await run(agent, turn());
  expect(await lab.readFile(agent, "by-hand.txt")).toBe("precious");
});

it("folds many small checkpoints into one while the agent goes to sleep, and turns can still be found in it", async () => {
  const agent = newAgent();
  let last = "";
  for (let number = 0; number < 9; number++) last = (await write(agent, `echo ${number} > f${number}`)).turn_id;
  await fallAsleep(agent);
  const [base] = await checkpoints(agent);
  expect(base).toMatchObject({ parent: null, reason: "sleep" });
  expect(await inStore(agent, ({ restorePoints }) => restorePoints.find(last)?.checkpoint_id)).toBe(base?.id);
  await lab.wipeDisk(agent);
  await run(agent, turn());
  expect(await lab.shell(agent, "cat f*")).toBe("0\n1\n2\n3\n4\n5\n6\n7\n8\n");
});
