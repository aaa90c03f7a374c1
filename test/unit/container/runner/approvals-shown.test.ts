// What a person accepts is all that is carried out: nothing of it is hidden, and an answer for the session covers no more.
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import type { Step } from "../../../support/fake-model/script.ts";
import { bodiesOf } from "../../../support/turn-record.ts";
import { asking, resolutions } from "./asking.ts";
import { useLab } from "./lab.ts";

const lab = useLab();
const { begin, asked, answer } = asking(lab);
const inWorkspace = (path: string): string => join(lab.runner.workspace, path);
const update = (path: string, move = ""): Step => ({
  patch: `*** Begin Patch\n*** Update File: ${path}\n${move}@@\n-one\n+two\n*** End Patch\n`,
});
const escalated = (run: string): Step => ({ run, escalate: "it must be" });

beforeEach(async () => {
  await lab.runner.request("/grants", { method: "DELETE" });
});

it.each(["hooks/pre-commit", "../moved-out.txt"])("to move a file to %s is more than to change it", async (to) => {
  writeFileSync(inWorkspace("notes.md"), "one\n");
  const first = await begin([update("notes.md")]);
  await answer(first, await asked(first), "accept_for_session");
  await first.settled;

  writeFileSync(inWorkspace("notes.md"), "one\n");
  const second = await begin([update("notes.md", `*** Move to: ${to}\n`)]);
  const { paths } = await asked(second);
  expect(paths).toHaveLength(2);
  expect(paths).toEqual(expect.arrayContaining(["notes.md", expect.stringMatching(/pre-commit$|moved-out\.txt$/)]));
  await answer(second, await asked(second), "decline");
  await second.settled;
  expect(existsSync(inWorkspace(to))).toBe(false);
});

it("files whose names together read like others are not those", async () => {
  const add = (path: string) => `*** Add File: ${path}\n+x\n`;
  const patch = (...paths: string[]): Step => ({
    patch: `*** Begin Patch\n${paths.map(add).join("")}*** End Patch\n`,
  });
  const first = await begin([patch("a.txt, b.txt")]);
  await answer(first, await asked(first), "accept_for_session");
  await first.settled;
  const second = await begin([patch("a.txt", "b.txt")]);
  expect((await asked(second)).paths).toEqual(["a.txt", "b.txt"]);
  await answer(second, await asked(second), "decline");
  await second.settled;
});

it("a file behind a linked directory is named by where it really is", async () => {
  const outside = join(lab.runner.dataDir, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "rc"), "one\n");
  symlinkSync(outside, inWorkspace("docs"));
  const turn = await begin([update("docs/rc")]);
  const { paths, diff, for_session } = await asked(turn);
  expect(paths).toEqual([join(outside, "rc")]);
  expect(diff).toContain(join(outside, "rc"));
  expect(for_session).toBe(`change of ${join(outside, "rc")}`);
  await answer(turn, await asked(turn), "decline");
  await turn.settled;
  expect(readFileSync(join(outside, "rc"), "utf8")).toBe("one\n");
});

it("a long command is shown to its end", async () => {
  const run = `true ${"#".repeat(25_000)}\ntouch hidden.txt`;
  const turn = await begin([escalated(run)]);
  const approval = await asked(turn);
  expect(approval.command).toBe(run);
  await answer(turn, approval, "accept_for_session");
  await turn.settled;
  expect(existsSync(inWorkspace("hidden.txt"))).toBe(true);

  const other = await begin([escalated(run.replace("hidden", "other"))]);
  await answer(other, await asked(other), "decline");
  await other.settled;
  expect(existsSync(inWorkspace("other.txt"))).toBe(false);
});

it("a command that is too long to be shown is declined, and the turn says why", async () => {
  const turn = await (await begin([escalated(`true ${"#".repeat(110_000)}\ntouch unseen.txt`)])).settled;
  expect(resolutions(turn)).toEqual([]);
  expect(bodiesOf(turn, "warning")[0]?.message).toMatch(/too long to be shown/);
  expect(existsSync(inWorkspace("unseen.txt"))).toBe(false);
});
