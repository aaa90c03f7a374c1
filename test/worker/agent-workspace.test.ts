// What a turn may do to the agent's workspace, and what it is shown to have done.
import { expect, test } from "vitest";
import { newAgent, run, turn } from "./support/agents.ts";
import { lab } from "./support/lab.ts";

const it = test.concurrent;

const PATCH = "*** Begin Patch\n*** Add File: patched.txt\n+by a patch\n*** End Patch";

it("lets a turn with write access change files, and tells what changed from the files themselves", async () => {
  const agent = newAgent();
  await run(agent, turn([{ run: "printf 'one\\ntwo\\n' > a.txt; echo x > gone.txt" }], { access: "write" }));
  const steps = [{ run: "printf 'one\\n2\\n' > a.txt; rm gone.txt" }, { patch: PATCH }, { say: "I changed nothing." }];
  const view = await run(agent, turn(steps, { access: "write" }));
  expect(view.evidence?.changed_files.map(({ action, path }) => `${action} ${path}`).sort()).toEqual([
    "create patched.txt",
    "delete gone.txt",
    "modify a.txt",
  ]);
  expect(view.evidence?.diff).toContain("-two\n+2\n");
  expect(await lab.readFile(agent, "a.txt")).toBe("one\n2\n");
  expect(await lab.readFile(agent, "patched.txt")).toBe("by a patch\n");
});

it("lets a turn with read access read and not write, however it tries", async () => {
  const agent = newAgent();
  await run(agent, turn([{ run: "echo kept > a.txt" }], { access: "write" }));
  const tries = [
    { run: "cat a.txt" },
    { run: "echo lost > a.txt" },
    { patch: PATCH },
    { run: "rm -rf ." },
    { say: "Tried." },
  ];
  const view = await run(agent, turn(tries));
  expect(view.status).toBe("completed");
  expect(view.evidence?.commands).toContainEqual(expect.objectContaining({ command: "cat a.txt", exit_code: 0 }));
  expect(view.evidence?.changed_files).toEqual([]);
  expect(await lab.readFile(agent, "a.txt")).toBe("kept\n");
  expect(await lab.readFile(agent, "patched.txt")).toBeNull();
});

it("gives write access back after a turn with read access, in the same conversation", async () => {
  const agent = newAgent();
  const read = await run(agent, turn([{ run: "echo no > b.txt" }, { say: "Tried." }]));
  const write = await run(agent, turn([{ run: "echo yes > b.txt" }, { say: "Done." }], { access: "write" }));
  expect(write.conversation_id).toBe(read.conversation_id);
  expect(await lab.readFile(agent, "b.txt")).toBe("yes\n");
});

it("shows commands with their real exit codes", async () => {
  const steps = [{ run: "true" }, { run: "exit 7" }, { say: "All went well." }];
  const view = await run(newAgent(), turn(steps));
  expect(view.evidence?.commands).toMatchObject([
    { command: "true", exit_code: 0 },
    { command: "exit 7", exit_code: 7 },
  ]);
});

it("gives each agent a workspace of its own", async () => {
  const [one, two] = [newAgent(), newAgent()];
  await run(one, turn([{ run: "echo one > a.txt" }], { access: "write" }));
  await run(two, turn([{ run: "echo two > b.txt" }], { access: "write" }));
  expect(await Promise.all([lab.readFile(one, "a.txt"), lab.readFile(one, "b.txt")])).toEqual(["one\n", null]);
  expect(await Promise.all([lab.readFile(two, "a.txt"), lab.readFile(two, "b.txt")])).toEqual([null, "two\n"]);
});

it("hands neither the runner's nor the gateway's token to the commands of a turn", async () => {
  const agent = newAgent();
  await run(agent, turn([{ run: "env > seen.txt" }, { say: "Done." }], { access: "write" }));
  const seen = await lab.readFile(agent, "seen.txt");
  expect(seen).toContain("PATH=");
  expect(seen).not.toMatch(/TOKEN|SECRET|API_KEY/);
});
