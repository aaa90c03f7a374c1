import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ContentStore, hashOf } from "../../../../container/runner/workspace/content-store.ts";
import { temporaryDirectory } from "./trees.ts";

const hello = Buffer.from("hello");
const world = Buffer.from("world");

test("a kept content is read again", async () => {
  const store = await ContentStore.open(temporaryDirectory(), 100);
  expect(store.put(hashOf(hello), hello)).toBe(true);
  expect(store.has(hashOf(hello))).toBe(true);
  expect(store.read(hashOf(hello), 100)?.toString()).toBe("hello");
});

test("a content that is not kept, or larger than asked for, is not read", async () => {
  const store = await ContentStore.open(temporaryDirectory(), 100);
  store.put(hashOf(hello), hello);
  expect([store.read(hashOf(world), 100), store.read(hashOf(hello), 4)]).toEqual([undefined, undefined]);
});

test("a damaged content is not read", async () => {
  const directory = temporaryDirectory();
  const store = await ContentStore.open(directory, 100);
  store.put(hashOf(hello), hello);
  writeFileSync(join(directory, hashOf(hello)), "hallo");
  expect(store.read(hashOf(hello), 100)).toBeUndefined();
});

test("a copy is named by what was copied", async () => {
  const directory = temporaryDirectory();
  const source = join(temporaryDirectory(), "source");
  writeFileSync(source, hello, { mode: 0o444 });
  const store = await ContentStore.open(directory, 100);
  expect(store.putCopy(source, 100)).toBe(hashOf(hello));
  expect(store.putCopy(source, 100)).toBe(hashOf(hello));
  expect(readdirSync(directory)).toEqual([hashOf(hello)]);
});

test("a copy that is too large or cannot be made is not kept", async () => {
  const directory = temporaryDirectory();
  const source = join(temporaryDirectory(), "source");
  writeFileSync(source, hello);
  const store = await ContentStore.open(directory, 100);
  expect([store.putCopy(source, 4), store.putCopy(`${source}x`, 100)]).toEqual([undefined, undefined]);
  expect(readdirSync(directory)).toEqual([]);
});

test("a full store keeps no more until something is removed", async () => {
  const store = await ContentStore.open(temporaryDirectory(), 9);
  expect([store.put(hashOf(hello), hello), store.put(hashOf(world), world)]).toEqual([true, false]);
  expect(store.put(hashOf(hello), hello)).toBe(true);
  store.remove(hashOf(hello));
  expect(store.put(hashOf(world), world)).toBe(true);
});

test("a store that cannot write keeps nothing and goes on when told to try again", async () => {
  const directory = join(temporaryDirectory(), "store");
  const store = await ContentStore.open(directory, 100);
  // A directory in the place of the content, since root may write anywhere.
  mkdirSync(join(directory, hashOf(hello)));
  expect([store.put(hashOf(hello), hello), store.put(hashOf(world), world)]).toEqual([false, false]);
  store.retry();
  expect(store.put(hashOf(world), world)).toBe(true);
});

test("opening removes what an earlier store left, and nothing else", async () => {
  const directory = temporaryDirectory();
  (await ContentStore.open(directory, 100)).put(hashOf(hello), hello);
  writeFileSync(join(directory, "incoming"), "half a copy");
  writeFileSync(join(directory, "photo.jpg"), "not ours");
  expect((await ContentStore.open(directory, 5)).put(hashOf(world), world)).toBe(true);
  expect(readdirSync(directory).sort()).toEqual([hashOf(world), "photo.jpg"].sort());
});

test("contents are readable to their owner only", async () => {
  const directory = join(temporaryDirectory(), "new", "store");
  (await ContentStore.open(directory, 100)).put(hashOf(hello), hello);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(statSync(join(directory, hashOf(hello))).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(directory, hashOf(hello)), "utf8")).toBe("hello");
  expect(existsSync(join(directory, "incoming"))).toBe(false);
});
