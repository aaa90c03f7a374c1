import { expect, it } from "vitest";
import { RecentLines } from "../../../../container/lib/recent-lines.ts";

function filled(capacity: number, count: number): RecentLines {
  const recent = new RecentLines(capacity);
  for (let line = 1; line <= count; line++) recent.add(String(line));
  return recent;
}

it.each([
  [3, 0, 5, []],
  [3, 2, 5, ["1", "2"]],
  [3, 3, 5, ["1", "2", "3"]],
  [3, 10, 5, ["8", "9", "10"]],
  [3, 10, 2, ["9", "10"]],
  [3, 10, 1, ["10"]],
])("of %i lines at most, after %i came, the last %i are %j", (capacity, count, wanted, lines) => {
  expect(filled(capacity, count).tail(wanted)).toEqual(lines);
});
