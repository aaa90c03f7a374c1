import { expect, it } from "vitest";
import { BoundedText } from "../../../src/lib/bounded-text.ts";

it.each([
  ["nothing", []],
  ["what fits", ["abc", "", "defg"]],
  ["what just fits, in one piece", ["0123456789"]],
  ["what just fits, in many pieces", [..."0123456789"]],
])("is %s as it came", (_, pieces) => {
  expect(text(10, pieces)).toBe(pieces.join(""));
});

it.each([
  ["one long piece", ["0123456789abc"]],
  ["many short pieces", [..."0123456789abc"]],
  ["a piece over both ends", ["01", "23456789a", "bc"]],
])("leaves out the middle of %s, and says how much", (_, pieces) => {
  expect(text(10, pieces)).toBe("01234\n\n[3 characters are left out]\n\n89abc");
});

it("keeps no more than it shows", () => {
  const bounded = new BoundedText(1_000_000);
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < 200; n++) bounded.add(Buffer.alloc(1_000_000, 97 + (n % 26)).toString("latin1"));
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(50_000_000);
  expect(bounded.toString()).toContain("[199000000 characters are left out]");
});

function text(maxChars: number, pieces: readonly string[]): string {
  const bounded = new BoundedText(maxChars);
  for (const piece of pieces) bounded.add(piece);
  return bounded.toString();
}
