// What `implement` and `fix` say to have changed is what changed: held against git, which sees the same workspace.
import { describe, expect, it } from "vitest";
import type { CallContext } from "../../src/tools/call-context.ts";
import { type Step, script } from "../support/fake-model/script.ts";
import { agentNamed, look, newUser } from "./support/fleet.ts";
import { lab } from "./support/lab.ts";

interface Change {
  file: string;
  action: string;
  diff: string;
  explanation: string;
  line_numbers?: string;
}

interface Completed {
  agent_id: string;
  turn_id: string;
  cut?: object[];
  result: { changes?: Change[]; warnings?: string[]; fixes?: { problem: string; files_to_change: Change[] }[] };
  evidence: { changed_files: { path: string }[]; total_changed_files?: number; diff?: string; notes: string[] };
}

const UNCLAIMED = "Observed in the workspace; the model did not describe it.";
const claimOf = (file: string, more: object = {}) => ({
  file,
  action: "modify",
  diff: "made up",
  explanation: `why ${file}`,
  line_numbers: null,
  ...more,
});

const BEFORE = `
git init -q . && git config user.name n && git config user.email e@example.com
printf 'one\\ntwo\\nthree\\n' > patched.txt
printf '\\0\\1\\2' > picture.bin
printf '#!/bin/sh\\n' > run.sh
printf 'gone\\n' > gone.txt
printf 'moved as it was\\n' > 'old name.txt'
printf 'no newline' > tail.txt
mkdir -p 'größe ünï' && printf 'x\\n' > 'größe ünï/漢 "字".txt'
git add -A && git commit -qm before`;

const WORK: Step[] = [
  { patch: "*** Begin Patch\n*** Update File: patched.txt\n@@\n one\n-two\n+2\n three\n*** End Patch\n" },
  {
    run: [
      "printf '\\0\\3\\4' > picture.bin && printf '\\0' > new.bin && chmod +x run.sh && rm gone.txt",
      "mv 'old name.txt' 'new name.txt' && printf 'still no newline' > tail.txt",
      "printf 'y\\n' > 'größe ünï/漢 \"字\".txt' && printf 'ë' > 'größe ünï/ー.txt' && printf 'n\\n' > unclaimed.txt",
    ].join(" && "),
  },
];

/** As models write them: with a dot, from the root of the disk, with backslashes, decomposed, by the old name of a rename. */
const CLAIMS = [
  claimOf("./patched.txt", { line_numbers: "2" }),
  claimOf("/workspace/picture.bin"),
  claimOf("new.bin"),
  claimOf("run.sh"),
  claimOf("gone.txt"),
  claimOf("old name.txt"),
  claimOf("tail.txt"),
  claimOf('größe ünï\\漢 "字".txt'),
  claimOf("größe ünï/ー.txt".normalize("NFD")),
  claimOf("imagined.txt"),
  claimOf("/etc/imagined"),
];

const EXPECTED: [file: string, action: string, explanation: string][] = [
  ["gone.txt", "delete", "why gone.txt"],
  ["größe ünï/ー.txt", "create", `why ${"größe ünï/ー.txt".normalize("NFD")}`],
  ['größe ünï/漢 "字".txt', "modify", 'why größe ünï\\漢 "字".txt'],
  ["new name.txt", "create", "why old name.txt"],
  ["new.bin", "create", "why new.bin"],
  ["patched.txt", "modify", "why ./patched.txt"],
  ["picture.bin", "modify", "why /workspace/picture.bin"],
  ["run.sh", "modify", "why run.sh"],
  ["tail.txt", "modify", "why tail.txt"],
  ["unclaimed.txt", "create", UNCLAIMED],
];

describe("agree with git: a patch, binary files, a mode, a deletion, a rename, no newline at the end, odd names", () => {
  const user = newUser();

  it("in implement, with what is imagined left out and named", async () => {
    await lab.shell(agentNamed(user, "implement"), BEFORE);
    const { result, evidence } = await implement(user, "implement", WORK, CLAIMS);
    expect(result.changes?.map(({ file, action, explanation }) => [file, action, explanation])).toEqual(EXPECTED);
    expect(result.changes?.find(({ file }) => file === "patched.txt")?.line_numbers).toBe("2");
    expect(result.changes?.map(({ diff }) => diff).join("")).toBe(evidence.diff);
    expect(evidence.diff).toBe(await gitDiff(user, "implement"));
    expect(result.warnings).toEqual([
      "said before",
      expect.stringMatching(/claimed .*: imagined\.txt, \/etc\/imagined$/),
    ]);
  });

  it("in fix, where each change stands with the fix that claims it, and the others with the last", async () => {
    await lab.shell(agentNamed(user, "fix"), BEFORE);
    const { result, evidence } = await fix(user, "fix", WORK, [
      CLAIMS.slice(0, 1),
      CLAIMS.slice(1),
      CLAIMS.slice(0, 1),
    ]);
    const changes = result.fixes?.map(({ files_to_change }) => files_to_change) ?? [];
    expect(changes.map((each) => each.map(({ file }) => file))).toEqual([
      ["patched.txt"],
      expect.arrayContaining(["new name.txt", "gone.txt", "größe ünï/ー.txt"]),
      ["patched.txt", "unclaimed.txt"],
    ]);
    const told = new Map(changes.flat().map((change) => [change.file, change]));
    expect(EXPECTED.map(([file]) => told.get(file)?.diff).join("")).toBe(await gitDiff(user, "fix"));
    expect(EXPECTED.map(([file]) => told.get(file)?.action)).toEqual(EXPECTED.map(([, action]) => action));
    expect(told.size).toBe(EXPECTED.length);
    expect(evidence.notes).toEqual([expect.stringMatching(/claimed .*: imagined\.txt, \/etc\/imagined$/)]);
  });
});

it("what changed stands in fix also where the model reports no fix at all", async () => {
  const { result } = await fix(newUser(), "a1", [{ run: "echo x > a.txt" }], []);
  expect(result.fixes).toMatchObject([
    { problem: "The model did not describe this change.", files_to_change: [{ file: "a.txt", action: "create" }] },
  ]);
});

describe("of more than 1000 changed files", () => {
  const user = newUser();
  const write: Step = { run: "for number in $(seq 1001 2200); do echo $number > f$number.txt; done" };
  const claims = [claimOf("f1001.txt"), claimOf("f2200.txt")];
  const warnings = [
    expect.stringMatching(/could not be checked, left out here: f2200\.txt$/),
    "1200 files changed; the first 1000 are listed.",
  ];

  it("implement lists the first, and says how many there are and what it could not check", async () => {
    const { result, evidence } = await implement(user, "implement", [write], claims);
    expect(result.changes?.map(({ file }) => file)).toEqual(
      Array.from({ length: 1_000 }, (_, index) => `f${1_001 + index}.txt`),
    );
    expect(result.changes?.every(({ diff, file }) => diff.endsWith(`+${file.slice(1, 5)}\n`))).toBe(true);
    expect(result.changes?.slice(0, 2).map(({ explanation }) => explanation)).toEqual(["why f1001.txt", UNCLAIMED]);
    expect(result.warnings).toEqual(["said before", ...warnings]);
    expect(evidence.total_changed_files).toBe(1_200);
    expect(evidence.changed_files).toHaveLength(1_000);
  });

  it("so does fix, in the notes", async () => {
    const { result, evidence } = await fix(user, "fix", [write], [claims]);
    expect(result.fixes?.[0]?.files_to_change).toHaveLength(1_000);
    expect(evidence.notes).toEqual(expect.arrayContaining(warnings));
    expect(evidence.total_changed_files).toBe(1_200);
  });
});

it("names the files whose diff is left out, and shows that of the others as it is", async () => {
  const user = newUser();
  const run = 'head -c 2000000 /dev/zero | tr "\\0" "a" > long.txt; echo short > a.txt; echo short > z.txt';
  const { result } = await implement(user, "a1", [{ run }], []);
  const diffs = result.changes?.map(({ file, diff }) => [file, diff.split("\n").at(-2)]);
  expect(diffs).toEqual([
    ["a.txt", "+short"],
    ["long.txt", undefined],
    ["z.txt", "+short"],
  ]);
  expect(result.warnings?.at(-1)).toMatch(/^No diff is shown of 1 of the listed files.*: long\.txt$/);
});

it("nothing is said to have changed by a turn that changed nothing, whatever it claims", async () => {
  const user = newUser();
  const work = [{ run: "echo x > gone-again.txt && rm gone-again.txt" }];
  const { result, evidence } = await implement(user, "a1", work, [claimOf("gone-again.txt")]);
  expect(result.changes).toEqual([]);
  expect(result.warnings?.at(-1)).toMatch(/: gone-again\.txt$/);
  expect(evidence).toMatchObject({ changed_files: [] });
});

async function implement(user: CallContext, agent_id: string, work: readonly Step[], changes: object[]) {
  const answer = { changes, warnings: ["said before"] };
  const task = script(...work, { answer });
  return whole(user, await look<Completed>(user, "implement", { agent_id, target_files: [], task }));
}

async function fix(user: CallContext, agent_id: string, work: readonly Step[], claims: object[][]) {
  const fixes = claims.map((files_to_change, index) => ({ problem: `problem ${index}`, files_to_change }));
  const error_output = script(...work, { answer: { fixes } });
  return whole(user, await look<Completed>(user, "fix", { agent_id, error_output }));
}

/** An answer that was cut for its length, as read_turn brings it. */
async function whole(user: CallContext, answer: Completed): Promise<Completed> {
  if (answer.cut === undefined) return answer;
  const { agent_id, turn_id } = answer;
  let text = "";
  for (let offset: number | undefined = 0; offset !== undefined; ) {
    const page: { text: string; next_offset?: number } = await look(user, "read_turn", { agent_id, turn_id, offset });
    text += page.text;
    offset = page.next_offset;
  }
  return JSON.parse(text);
}

/** Since BEFORE, without the hashes of contents. */
async function gitDiff(user: CallContext, agentId: string): Promise<string> {
  const printed = await lab.shell(agentNamed(user, agentId), "git add -A && git diff --cached -M100%");
  return printed.replace(/^index .*\n/gm, "");
}
