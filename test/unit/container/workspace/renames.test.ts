import { expect, test } from "vitest";
import { pairRenames, type RenameSide } from "../../../../container/runner/workspace/renames.ts";

type Side = [path: string, hash: string];

test.each<[name: string, deleted: Side[], created: Side[], renamed: string[]]>([
  ["pairs equal contents", [["a", "1"]], [["b", "1"]], ["a > b"]],
  ["does not pair different contents", [["a", "1"]], [["b", "2"]], []],
  [
    "uses a deleted file once",
    [["a", "1"]],
    [
      ["b", "1"],
      ["c", "1"],
    ],
    ["a > b"],
  ],
  [
    "prefers the same name in another directory",
    [
      ["a", "1"],
      ["x/n", "1"],
    ],
    [
      ["y/n", "1"],
      ["z", "1"],
    ],
    ["x/n > y/n", "a > z"],
  ],
  [
    "keeps the order where names are equal",
    [
      ["1/n", "1"],
      ["2/n", "1"],
    ],
    [
      ["3/n", "1"],
      ["4/n", "1"],
    ],
    ["1/n > 3/n", "2/n > 4/n"],
  ],
  ["finds nothing in nothing", [], [["a", "1"]], []],
])("%s", (_name, deleted, created, renamed) => {
  const pairs = pairRenames(deleted.map(side), created.map(side));
  const found = [...pairs].map(([target, source]) => `${deleted[source]?.[0]} > ${created[target]?.[0]}`);
  expect(found.sort()).toEqual(renamed.sort());
});

test("takes little time for many files of the same content", () => {
  const sides = (directory: string) =>
    Array.from({ length: 10_000 }, (_, index) => side([`${directory}/${index}`, "1"]));
  const startedAt = performance.now();
  expect(pairRenames(sides("a"), sides("b")).size).toBe(10_000);
  expect(performance.now() - startedAt).toBeLessThan(1000);
});

function side([path, hash]: Side): RenameSide {
  return { path, hash };
}
