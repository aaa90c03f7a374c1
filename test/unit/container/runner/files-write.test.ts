// Files of the workspace, written and deleted through the runner: all that a call asks for, or nothing.
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../workspace/trees.ts";
import { refusalOf, useFilesLab } from "./files-lab.ts";
import { readTree, writeFiles } from "./lab.ts";

const files = useFilesLab();
const place = (...names: string[]): string => join(files.lab.runner.workspace, ...names);
/** As the container's commands would have made it. */
function prepare(make: () => void): void {
  make();
  files.lab.runner.giveWorkspace();
}

describe("a write", () => {
  it("creates, replaces and deletes, and says what it did", async () => {
    prepare(() => writeFiles(place(), { "old.txt": "old", "run.sh": "1", "gone/deep/f": "" }));
    execFileSync("chmod", ["755", place("run.sh")]);
    const answer = await files.write({
      files: [
        { path: "new/deep/n.txt", content: "ünew" },
        { path: "old.txt", content: Buffer.from([1, 2, 0]).toString("base64"), encoding: "base64" },
        { path: "run.sh", content: "2" },
        { path: "x.sh", content: "", executable: true },
      ],
      deletes: ["gone", "never"],
    });
    expect(answer.written.map(({ path, action, size }) => [path, action, size])).toEqual([
      ["new/deep/n.txt", "created", 5],
      ["old.txt", "replaced", 3],
      ["run.sh", "replaced", 1],
      ["x.sh", "created", 0],
    ]);
    expect([answer.deleted, answer.missing]).toEqual([["gone"], ["never"]]);
    expect(readdirSync(place()).sort()).toEqual(["new", "old.txt", "run.sh", "x.sh"]);
    expect(readFileSync(place("new/deep/n.txt"), "utf8")).toBe("ünew");
    expect([...readFileSync(place("old.txt"))]).toEqual([1, 2, 0]);
    expect(["new/deep/n.txt", "run.sh", "x.sh"].map((path) => statSync(place(path)).mode & 0o111)).toEqual([
      0, 0o111, 0o111,
    ]);
    expect(readdirSync(join(files.lab.runner.dataDir, "incoming"))).toEqual([]);
  });

  it("replaces a link and deletes one without touching what it leads to", async () => {
    const outside = temporaryDirectory();
    writeFileSync(join(outside, "precious"), "kept");
    prepare(() => {
      for (const name of ["a", "b"]) symlinkSync(join(outside, "precious"), place(name));
    });
    await files.write({ files: [{ path: "a", content: "new" }], deletes: ["b"] });
    expect(readFileSync(join(outside, "precious"), "utf8")).toBe("kept");
    expect([lstatSync(place("a")).isFile(), existsSync(place("b"))]).toEqual([true, false]);
  });

  it.each([
    ["../up"],
    ["/tmp/absolute"],
    ["a/../../up"],
    ["a//b"],
    ["./a"],
    ["a/"],
    [""],
    ["a\0b"],
    [".git/hooks/post-checkout"],
    ["sub/.GIT/config"],
    [".g\u200cit/config"],
    ["git~1/config"],
    [`${"n".repeat(256)}`],
    ["\ud800"],
  ])("to %j is refused, and nothing else of the call is written", async (path) => {
    const answer = files.write({
      files: [
        { path: "fine", content: "" },
        { path, content: "x" },
      ],
    });
    expect(await refusalOf(answer)).toMatchObject({ status: 422, code: "path_refused" });
    expect(await refusalOf(files.write({ deletes: [path] }))).toMatchObject({ status: 422, code: "path_refused" });
    expect(readTree(files.lab.runner.workspace)).toEqual({});
  });

  it("through a link is refused, for files and for deletes", async () => {
    const outside = temporaryDirectory();
    writeFileSync(join(outside, "precious"), "kept");
    prepare(() => symlinkSync(outside, place("way")));
    expect(await refusalOf(files.write({ files: [{ path: "way/new", content: "x" }] }))).toMatchObject({
      code: "conflict",
    });
    expect(await refusalOf(files.write({ deletes: ["way/precious"] }))).toMatchObject({ code: "conflict" });
    expect(readTree(outside)).toEqual({ precious: "kept" });
  });

  it.each([
    ["a file where a directory is", { files: [{ path: "dir", content: "" }] }, "conflict"],
    ["a file below a file", { files: [{ path: "file/below", content: "" }] }, "conflict"],
    ["one path twice", { files: ["x", "x"].map((path) => ({ path, content: "" })) }, "path_refused"],
    ["a path below another", { files: ["x", "x/y"].map((path) => ({ path, content: "" })) }, "path_refused"],
    ["a path that it deletes", { files: [{ path: "dir/f", content: "" }], deletes: ["dir"] }, "path_refused"],
    ["what is no base64", { files: [{ path: "x", content: "?!", encoding: "base64" as const }] }, "bad_request"],
    ["too much", { files: [{ path: "x", content: "x".repeat(16 * 1024 * 1024 + 1) }] }, "too_large"],
    ["too many", { deletes: Array.from({ length: 501 }, (_, index) => `${index}`) }, "bad_request"],
  ])("of %s is refused and changes nothing", async (_, request, code) => {
    prepare(() => writeFiles(place(), { "dir/f": "1", file: "2" }));
    expect(await refusalOf(files.write(request))).toMatchObject({ code });
    expect(readTree(files.lab.runner.workspace)).toEqual({ "dir/f": "1", file: "2" });
  });
});

it("is refused while a turn is at work, save what only reads", async () => {
  const { lab } = files;
  const turn = await lab.begin([{ run: "sleep 30" }, { say: "done" }]);
  await lab.untilAsked(turn, 1);
  const archive = Buffer.from("");
  expect(await refusalOf(files.write({ deletes: ["x"] }))).toMatchObject({ status: 409, code: "turn_active" });
  expect(await refusalOf(files.upload("zip", "merge", archive))).toMatchObject({ status: 409, code: "turn_active" });
  expect(await refusalOf(files.import({ url: "https://example.com/x" }))).toMatchObject({ code: "turn_active" });
  expect((await files.list()).entries).toEqual([]);
  await lab.runner.cancel(turn.turnId);
  await turn.settled;
});
