import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type CaptureOptions, captureFile } from "../../../../container/runner/workspace/capture.ts";
import { ContentStore } from "../../../../container/runner/workspace/content-store.ts";
import { type FileEntry, fileFlag } from "../../../../container/runner/workspace/file-table.ts";
import { executable, file, link, type TreeFile, temporaryDirectory, writeTree } from "./trees.ts";

const { stored, binary, racy } = fileFlag;

interface Captured {
  entry: FileEntry | undefined;
  /** Names in the store. */
  kept: string[];
}

async function capture(
  content: TreeFile,
  change: Partial<CaptureOptions> = {},
  spoil?: (path: string) => void,
): Promise<Captured> {
  const root = temporaryDirectory();
  const storeDir = temporaryDirectory();
  writeTree(root, { a: content });
  const absolutePath = join(root, "a");
  const stat = lstatSync(absolutePath);
  spoil?.(absolutePath);
  const options = {
    store: await ContentStore.open(storeDir, 10_000_000),
    maxTextFileBytes: 1_000_000,
    buffer: Buffer.alloc(8192),
    pause: () => undefined,
    now: () => stat.ctimeMs + 10_000,
    ...change,
  };
  const entry = await captureFile(options, { path: "a", absolutePath, stat });
  return { entry, kept: readdirSync(storeDir) };
}

function hashOf(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}

test.each([0, 1, 8191, 8192, 8193, 16_384, 100_000])("a text of %i bytes is hashed and kept", async (size) => {
  const content = "x".repeat(size);
  const { entry, kept } = await capture(file(content));
  expect([entry?.hash?.toString("hex"), entry?.flags, kept]).toEqual([hashOf(content), stored, [hashOf(content)]]);
});

test.each<[name: string, content: TreeFile, flags: number]>([
  ["a NUL byte in the first 8000 bytes makes it binary", file(`${"x".repeat(7999)}\0`), binary],
  ["a NUL byte behind them does not", file(`${"x".repeat(8000)}\0`), stored],
  ["a large binary file is not kept", file(`\0${"x".repeat(100_000)}`), binary],
  ["an executable file is flagged", executable("1"), stored | fileFlag.executable],
  ["a link is flagged and its target kept", link("b"), stored | fileFlag.link],
])("%s", async (_name, content, flags) => {
  const { entry, kept } = await capture(content);
  expect(entry?.flags).toBe(flags);
  expect(kept).toHaveLength(flags & stored ? 1 : 0);
});

test.each([9, 100_000])("a text of %i bytes is not kept where that is too large", async (size) => {
  const { entry, kept } = await capture(file("x".repeat(size)), { maxTextFileBytes: size - 1 });
  expect([entry?.hash?.toString("hex"), entry?.flags, kept]).toEqual([hashOf("x".repeat(size)), 0, []]);
});

describe("a file is flagged racy", () => {
  test.each<[name: string, ageMs: number, flags: number]>([
    ["if it changed less than two seconds ago", 1999, stored | racy],
    ["if it changed in the future", -5000, stored | racy],
    ["but not if it changed longer ago", 2001, stored],
  ])("%s", async (_name, ageMs, flags) => {
    let changedAt = 0;
    const now = () => changedAt + ageMs;
    const { entry } = await capture(file("1"), { now }, (path) => {
      changedAt = lstatSync(path).ctimeMs;
    });
    expect(entry?.flags).toBe(flags);
  });

  test("if its modification time says so although its change time does not", async () => {
    const { entry } = await capture(file("1"), {}, (path) => utimesSync(path, Date.now(), Date.now() / 1000 + 3600));
    expect(entry?.flags).toBe(stored | racy);
  });
});

describe("a file that is replaced before it is read", () => {
  test.each<[name: string, spoil: (path: string) => void]>([
    ["by nothing", () => undefined],
    ["by a directory", mkdirSync],
    ["by a link", (path) => writeTree(join(path, ".."), { a: link("/etc/passwd") })],
  ])("%s is gone", async (_name, spoil) => {
    const { entry, kept } = await capture(file("1"), {}, (path) => {
      rmSync(path);
      spoil(path);
    });
    expect([entry, kept]).toEqual([undefined, []]);
  });

  test("by another file has the other's stat and content", async () => {
    const { entry } = await capture(file("1"), {}, (path) => writeFileSync(path, "22"));
    expect([entry?.stat.size, entry?.hash?.toString("hex")]).toEqual([2, hashOf("22")]);
  });
});
