import { expect, it } from "vitest";
import { cut } from "../../../src/lib/cut.ts";

it("says how much is missing, where something is", () => {
  expect(cut("abcdef", 6)).toBe("abcdef");
  expect(cut("abcdef", 4)).toBe("abcd… [2 more characters]");
});
