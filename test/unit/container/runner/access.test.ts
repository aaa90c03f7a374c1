// What a turn may do to the machine: each attempt is made by a model that calls tools directly and by one that writes
// JavaScript. That the same attempts do change the workspace with write access shows that they are made at all.
import { existsSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { Step } from "../../../support/fake-model/script.ts";
import { inDocker } from "../../../support/runner-body.ts";
import { bodiesOf } from "../../../support/turn-record.ts";
import { readTree, textOf, useLab, writeFiles } from "./lab.ts";

const lab = useLab();

const BEFORE = { "kept.txt": "kept\n", "dir/inner.txt": "inner\n", ".git/HEAD": "ref: refs/heads/main\n" };
const PATCH = "*** Begin Patch\n*** Update File: kept.txt\n@@\n-kept\n+patched\n*** End Patch\n";

const ATTEMPTS: [string, Step[]][] = [
  ["a redirect", [{ run: "echo x > new.txt" }]],
  ["a change in place", [{ run: "sed -i s/kept/changed/ kept.txt" }]],
  ["rm", [{ run: "rm kept.txt" }]],
  ["rm -rf, which Codex asks about", [{ run: "rm -rf dir" }]],
  ["a patch", [{ patch: PATCH }]],
  ["a patch by the shell", [{ run: `apply_patch <<'EOF'\n${PATCH}EOF` }]],
  ["a rename", [{ run: "mv kept.txt moved.txt" }]],
  ["a link", [{ run: "ln kept.txt hard.txt" }]],
  ["another language", [{ run: 'perl -e \'open(F, ">", "new.txt"); print F 1; close F\'' }]],
  ["a background process", [{ run: "(sleep 0.1; echo x > late.txt) > /dev/null 2>&1 & sleep 0.2" }]],
  ["a process that outlives its call", [{ run: "sleep 0.3; echo x > late.txt", yieldMs: 250 }, { run: "sleep 0.15" }]],
  ["several calls at once", [{ calls: [{ run: "echo x > one.txt" }, { run: "echo x > two.txt" }] }]],
];

beforeEach(() => {
  const { workspace } = lab.runner;
  for (const name of readdirSync(workspace)) rmSync(join(workspace, name), { recursive: true });
  writeFiles(workspace, BEFORE);
  lab.runner.giveWorkspace();
});

describe.each(["gpt-5.5", "gpt-6.1-sol"])("%s", (model) => {
  describe.each(ATTEMPTS)("tries %s", (_, steps) => {
    it("and changes nothing with read access", async () => {
      const turn = await lab.run([...steps, { say: "tried" }], { model, access: "read" });
      expect(turn.settled).toMatchObject({ status: "completed", answer: "tried" });
      expect(readTree(lab.runner.workspace)).toEqual(BEFORE);
      expect(bodiesOf(turn, "workspace")).toEqual([]);
    });

    it("and changes the workspace with write access", async () => {
      const turn = await lab.run([...steps, { say: "tried" }], { model, access: "write" });
      expect(turn.settled).toMatchObject({ status: "completed", answer: "tried" });
      const after = readTree(lab.runner.workspace);
      expect(after).not.toEqual(BEFORE);
      const observed = bodiesOf(turn, "workspace").flatMap(({ changes }) => changes.changed_files);
      for (const { path } of observed) expect([...Object.keys(after), ...Object.keys(BEFORE)]).toContain(path);
      expect(observed).not.toEqual([]);
    });
  });

  it("gets the access of each turn in one conversation, whatever the turn before had", async () => {
    const write = await lab.run([{ run: "echo 1 > first.txt" }, { say: "a" }], { model, access: "write" });
    const thread_id = bodiesOf(write, "started")[0]?.thread_id ?? null;
    const rollout_bytes = 1;
    const again = { model, thread_id, rollout_bytes };
    await lab.run([{ run: "echo 2 > second.txt" }, { say: "b" }], { ...again, access: "read" });
    await lab.run([{ run: "echo 3 > third.txt" }, { say: "c" }], { ...again, access: "write" });
    await lab.run([{ run: "echo 4 > fourth.txt" }, { say: "d" }], { ...again, access: "read" });
    expect(
      Object.keys(readTree(lab.runner.workspace)).filter((path) => /first|second|third|fourth/.test(path)),
    ).toEqual(["first.txt", "third.txt"]);
  });

  it("shows the diff of what it wrote", async () => {
    const steps = [{ patch: PATCH }, { run: "rm dir/inner.txt; echo new > new.txt" }, { say: "done" }];
    const [workspace] = bodiesOf(await lab.run(steps, { model, access: "write" }), "workspace");
    expect(workspace?.changes.changed_files).toEqual([
      expect.objectContaining({ path: "dir/inner.txt", action: "delete" }),
      expect.objectContaining({ path: "kept.txt", action: "modify", added_lines: 1, removed_lines: 1 }),
      expect.objectContaining({ path: "new.txt", action: "create" }),
    ]);
    expect(workspace?.changes.diff).toContain("-kept\n+patched\n");
    expect(workspace?.changes.total_changed).toBe(3);
  });
});

describe.each(["gpt-5.5", "gpt-6.1-sol"])("with write access, %s cannot leave the workspace", (model) => {
  const outside = () => join(lab.runner.dataDir, "outside.txt");
  const attempts: [string, () => Step][] = [
    ["by a path above its home", () => ({ run: "touch $HOME/../outside.txt" })],
    ["by an absolute path", () => ({ run: `echo x > ${outside()}` })],
    ["by a relative path", () => ({ run: "echo x > ../outside.txt" })],
    ["by a link", () => ({ run: "ln -s .. up; echo x > up/outside.txt" })],
    ["by a link that was there before", () => ({ run: "echo x > exit/outside.txt" })],
    ["by a patch of an absolute path", () => ({ patch: addFile(outside()) })],
    ["by a patch of a path upwards", () => ({ patch: addFile("../outside.txt") })],
    ["by a patch through a link", () => ({ patch: addFile("exit/outside.txt") })],
    ["by asking for more rights", () => ({ run: `touch ${outside()}`, escalate: "it is needed" })],
  ];

  it.each(attempts)("%s", async (_, attempt) => {
    symlinkSync("..", join(lab.runner.workspace, "exit"));
    const turn = await lab.run([attempt(), { say: "tried" }], { model, access: "write" });
    expect(turn.settled).toMatchObject({ status: "completed", answer: "tried" });
    expect(existsSync(outside())).toBe(false);
  });

  it("into the conversation, Codex's settings or the machine's temporary directory", async () => {
    // In a container, home is the agent's own.
    const home = inDocker ? [] : ["home/mark"];
    const inside = ["codex-home/mark", "codex-home/sessions/mark", "scratch/mark", "mark", ...home];
    const outsider = `/tmp/mark-of-${basename(lab.runner.dataDir)}`;
    const marks = [...inside.map((path) => join(lab.runner.dataDir, path)), outsider];
    await lab.run([...marks.map((path) => ({ run: `touch ${path}` })), { say: "tried" }], { model, access: "write" });
    expect(Object.keys(readTree(lab.runner.dataDir)).filter((path) => path.endsWith("mark"))).toEqual([]);
    expect(existsSync(outsider)).toBe(false);
  });

  it.skipIf(inDocker)("to end the runner or Codex, or to reach the runner's API", async () => {
    const { pid, codexPid, url } = lab.runner;
    const port = new URL(url).port;
    const steps = [
      { run: `kill -9 ${pid} ${codexPid}; kill -9 -1; true` },
      { run: `(exec 3<> /dev/tcp/127.0.0.1/${port}) 2>&1 && echo connected-$((40 + 2)) || echo refused-$((40 + 2))` },
      { say: "alive" },
    ];
    const turn = await lab.run(steps, { model, access: "write" });
    expect(turn.settled).toMatchObject({ status: "completed", answer: "alive" });
    expect(lab.runner.codexPid).toBe(codexPid);
    const told = textOf(lab.requestsOf(turn).at(-1));
    expect(told).toContain("refused-42");
    expect(told).not.toContain("connected-42");
  });
});

describe.each(["read", "write"] as const)("a command with %s access", (access) => {
  it.each(["gpt-5.5", "gpt-6.1-sol"])("of %s sees no token in any environment", async (model) => {
    const run = "env; for file in /proc/[0-9]*/environ; do tr '\\0' '\\n' < $file; done; echo end-of-$((40 + 2))";
    const turn = await lab.run([{ run }, { say: "seen" }], { model, access });
    const told = textOf(lab.requestsOf(turn).at(-1));
    expect(told).toContain("end-of-42");
    expect(told).toContain("CODEX_THREAD_ID");
    expect(told).not.toMatch(/RUNNER_TOKEN=|MODEL_TOKEN=/);
    expect(told).not.toContain(lab.runner.token);
    expect(told).not.toContain(lab.runner.modelToken);
  });

  it("may read the workspace", async () => {
    const turn = await lab.run([{ run: "cat kept.txt dir/inner.txt" }, { say: "read" }], { access });
    expect(bodiesOf(turn, "command_finished")).toMatchObject([{ exit_code: 0, output_tail: "kept\ninner\n" }]);
  });
});

it("may use a temporary directory of its own with write access", async () => {
  const steps = [{ run: "touch $TMPDIR/scratch.txt && ls $TMPDIR/scratch.txt" }, { say: "done" }];
  const turn = await lab.run(steps, { access: "write" });
  expect(bodiesOf(turn, "command_finished")).toMatchObject([{ exit_code: 0 }]);
  const inHost = inDocker ? [] : ["scratch.txt"];
  expect(Object.keys(readTree(join(lab.runner.dataDir, "scratch", "tmp")))).toEqual(expect.arrayContaining(inHost));
});

function addFile(path: string): string {
  return `*** Begin Patch\n*** Add File: ${path}\n+x\n*** End Patch\n`;
}

it("what a writing turn left running does not write any more once it has settled", async () => {
  const run = "sleep 1; echo late > late.txt";
  const turn = await lab.run([{ run, yieldMs: 250 }, { say: "done" }], { access: "write" });
  expect(turn.settled.status).toBe("completed");
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(existsSync(join(lab.runner.workspace, "late.txt"))).toBe(false);
});
