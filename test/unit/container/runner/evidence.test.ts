// Every command that the model ran is in the events, also one that Codex keeps quiet about.
import { describe, expect, it } from "vitest";
import { bodiesOf, continuing } from "../../../support/turn-record.ts";
import { useLab } from "./lab.ts";

const lab = useLab();

const commandsOf = (turn: Awaited<ReturnType<typeof lab.run>>) =>
  bodiesOf(turn, "command_finished").map(({ command, exit_code }) => [command, exit_code]);

describe("the commands of a turn", () => {
  it.each(["read", "write"] as const)("with %s access hold those that the sandbox denied at once", async (access) => {
    const steps = [{ run: "echo x > /outside.txt" }, { run: "echo fine" }, { run: "touch /outside.txt" }];
    const turn = await lab.run([...steps, { say: "done" }], { access });
    expect(commandsOf(turn).sort()).toEqual([
      ["echo fine", 0],
      ["echo x > /outside.txt", 1],
      ["touch /outside.txt", 1],
    ]);
    const [denied] = bodiesOf(turn, "command_finished").filter(({ command }) => command.startsWith("touch"));
    expect(denied?.output_tail).toMatch(/Read-only file system|Permission denied/);
  });

  it("hold one that was refused, without an exit code", async () => {
    const steps = [{ run: "touch /outside.txt", escalate: "it is needed" }, { say: "done" }];
    expect(commandsOf(await lab.run(steps, { access: "write" }))).toEqual([["touch /outside.txt", null]]);
  });

  it("hold those of parallel calls", async () => {
    const steps = [{ calls: [{ run: "touch /a" }, { run: "false" }, { run: "touch /b" }] }, { say: "done" }];
    expect(commandsOf(await lab.run(steps)).sort()).toEqual([
      ["false", 1],
      ["touch /a", 1],
      ["touch /b", 1],
    ]);
  });

  it("hold each one once, and none of the turn before", async () => {
    const first = await lab.run([{ run: "touch /first" }, { run: "true" }, { say: "one" }]);
    const second = await lab.run([{ run: "touch /second" }, { run: "true" }, { say: "two" }], continuing(first));
    expect(commandsOf(second).sort()).toEqual([
      ["touch /second", 1],
      ["true", 0],
    ]);
  });

  it("show no patch that the shell was asked to apply", async () => {
    const patch = "*** Begin Patch\n*** Add File: p.txt\n+x\n*** End Patch\n";
    const turn = await lab.run([{ run: `apply_patch <<'EOF'\n${patch}EOF` }, { say: "done" }], { access: "write" });
    expect(commandsOf(turn)).toEqual([]);
    expect(bodiesOf(turn, "files_patched")).toMatchObject([
      { paths: [expect.stringMatching(/p\.txt$/)], status: "completed" },
    ]);
  });

  it("are worded as they were meant, with all their quotes", async () => {
    const run = `printf '%s\\n' "it's" 'a "b"' $((1 + 1)) | tr '\\n' ' '`;
    const turn = await lab.run([{ run }, { say: "done" }]);
    expect(bodiesOf(turn, "command_finished")).toMatchObject([{ command: run, output_tail: `it's a "b" 2 ` }]);
  });

  it("name the files that they read", async () => {
    await lab.run([{ run: "echo x > read-me.txt" }, { say: "done" }], { access: "write" });
    const turn = await lab.run([{ run: "cat read-me.txt" }, { say: "done" }]);
    expect(bodiesOf(turn, "command_finished")[0]?.files_read).toEqual(["read-me.txt"]);
  });
});
