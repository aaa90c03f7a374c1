// Files of the workspace, listed and read through the runner.
import { execFileSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFifo } from "../workspace/trees.ts";
import { refusalOf, useFilesLab } from "./files-lab.ts";
import { writeFiles } from "./lab.ts";

const files = useFilesLab();
const place = (...names: string[]): string => join(files.lab.runner.workspace, ...names);
/** As the container's commands would have made it. */
function prepare(make: () => void): void {
  make();
  files.lab.runner.giveWorkspace();
}

describe("a list", () => {
  it("has what is there, in order, and follows no link", async () => {
    prepare(() => {
      writeFiles(place(), { "b/c.txt": "hello", "a.sh": "", ".git/config": "x" });
      execFileSync("chmod", ["755", place("a.sh")]);
      symlinkSync("/etc", place("link"));
      makeFifo(place("pipe"));
    });
    expect((await files.list({ recursive: true })).entries).toEqual([
      { path: "a.sh", type: "file", size: 0, executable: true },
      { path: "b", type: "directory", size: 0, executable: false },
      { path: "b/c.txt", type: "file", size: 5, executable: false },
      { path: "link", type: "symlink", size: 0, executable: false, target: "/etc" },
      { path: "pipe", type: "other", size: 0, executable: false },
    ]);
    expect((await files.list()).entries.map(({ path }) => path)).toEqual(["a.sh", "b", "link", "pipe"]);
    expect((await files.list({ path: "b" })).entries.map(({ path }) => path)).toEqual(["b/c.txt"]);
    const all = await files.list({ recursive: true, include_git: true });
    expect(all.entries.map(({ path }) => path)).toContain(".git/config");
  });

  it("comes page by page, each entry once, also where something goes between two pages", async () => {
    prepare(() => writeFiles(place(), { "a/1": "", "a/2/x": "", "a/3": "", "a-b": "", b: "", "é/z": "" }));
    const paths: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await files.list({ recursive: true, limit: 1, cursor });
      paths.push(...page.entries.map(({ path }) => path));
      if (paths.at(-1) === "a/3") execFileSync("rm", ["-r", place("a")]);
      cursor = page.next;
    } while (cursor !== null);
    expect(paths).toEqual(["a", "a/1", "a/2", "a/2/x", "a/3", "a-b", "b", "é", "é/z"].sort(byNames));
  });

  it("shows names that are no UTF-8, and names with line ends", async () => {
    prepare(() => {
      writeFileSync(Buffer.concat([Buffer.from(`${place()}/`), Buffer.from([0x66, 0xff])]), "");
      writeFileSync(place("two\nlines"), "");
    });
    expect((await files.list()).entries).toMatchObject([
      { path: "f\uFFFD", is_unnameable: true },
      { path: "two\nlines" },
    ]);
  });

  it.each([
    ["../", 422, "path_refused"],
    ["/etc", 422, "path_refused"],
    ["a/../..", 422, "path_refused"],
    ["out", 422, "path_refused"],
    ["missing", 404, "missing"],
    ["file", 409, "not_directory"],
  ])("of %j is refused", async (path, status, code) => {
    prepare(() => {
      writeFiles(place(), { file: "" });
      symlinkSync("/etc", place("out"));
    });
    expect(await refusalOf(files.list({ path }))).toMatchObject({ status, code });
  });
});

describe("a read", () => {
  it("brings whole files, parts of them, and says what cannot be read", async () => {
    prepare(() => {
      writeFiles(place(), { "t.txt": "grüße", "d/e": "" });
      writeFileSync(place("b"), Buffer.from([0, 255, 1]));
      symlinkSync("t.txt", place("inside"));
      symlinkSync("/etc/passwd", place("outside"));
      symlinkSync("/etc", place("way"));
      symlinkSync("circle", place("circle"));
      makeFifo(place("pipe"));
    });
    const paths = [
      "t.txt",
      "b",
      "d",
      "inside",
      "outside",
      "way/passwd",
      "circle",
      "pipe",
      "nope",
      "../x",
      "/etc/passwd",
    ];
    const read = await files.read({ files: paths.map((path) => ({ path })) });
    expect(read.files).toMatchObject([
      { status: "ok", content: "grüße", encoding: "utf-8", size: 7, truncated: false, sha256: expect.any(String) },
      { status: "ok", content: "AP8B", encoding: "base64", size: 3 },
      { status: "directory" },
      { status: "ok", content: "grüße" },
      ...["outside", "outside", "missing", "not_regular", "missing", "outside", "outside"].map((status) => ({
        status,
      })),
    ]);
    expect(JSON.stringify(read)).not.toContain("root:");
  });

  it("cuts between characters, and its parts make the whole", async () => {
    const text = "añb€c😀d".repeat(50);
    prepare(() => writeFiles(place(), { f: text }));
    let whole = "";
    for (let offset = 0; ; ) {
      const [part] = (await files.read({ files: [{ path: "f", offset }], max_bytes: 97 })).files;
      if (part?.status !== "ok") throw new Error("no part");
      expect(part.encoding).toBe("utf-8");
      whole += part.content;
      offset += part.bytes;
      if (!part.truncated) break;
    }
    expect(whole).toBe(text);
  });

  it("stays within its limit over all files", async () => {
    prepare(() => writeFiles(place(), { a: "x".repeat(600), b: "y".repeat(600), c: "z" }));
    const read = await files.read({ files: ["a", "b", "c"].map((path) => ({ path })), max_bytes: 1_000 });
    expect(read.files).toMatchObject([
      { status: "ok", bytes: 600, truncated: false },
      { status: "ok", bytes: 400, truncated: true },
      { status: "skipped" },
    ]);
  });
});

/** A path's names one by one, a directory before what is in it. */
function byNames(one: string, other: string): number {
  return Buffer.from(one.replaceAll("/", "\0")).compare(Buffer.from(other.replaceAll("/", "\0")));
}
