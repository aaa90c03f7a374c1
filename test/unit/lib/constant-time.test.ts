import { expect, it } from "vitest";
import { equalsInConstantTime } from "../../../src/lib/constant-time.ts";

it.each([
  ["", "", true],
  ["secret", "secret", true],
  ["sécret😀", "sécret😀", true],
  ["secret", "secres", false],
  ["secret", "Secret", false],
  ["secret", "secre", false],
  ["secret", "secret ", false],
  ["secret", "", false],
  ["\u00e9", "e\u0301", false],
])("'%s' and '%s': %s", async (a, b, isEqual) => {
  expect(await equalsInConstantTime(a, b)).toBe(isEqual);
  expect(await equalsInConstantTime(b, a)).toBe(isEqual);
});
