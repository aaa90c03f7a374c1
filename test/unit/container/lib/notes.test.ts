import { expect, test } from "vitest";
import { Notes } from "../../../../container/lib/notes.ts";

test("a note names its path as git quotes it", () => {
  const notes = new Notes();
  notes.add("a\nb", "cannot be read");
  expect(notes.list()).toEqual(['"a\\nb": cannot be read']);
});

test("five paths are named of each kind, the others counted", () => {
  const notes = new Notes();
  for (let index = 0; index < 1000; index++) notes.add(`${index}`, "cannot be read");
  notes.add("x", "is too deep");
  expect(notes.list()).toEqual([
    ...[0, 1, 2, 3, 4].map((index) => `${index}: cannot be read`),
    "995 more: cannot be read",
    "x: is too deep",
  ]);
});
