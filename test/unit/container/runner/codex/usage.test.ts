import { expect, it } from "vitest";
import { addUsage, NO_USAGE, sumUsage } from "../../../../../container/runner/codex/usage.ts";

const LAST = { inputTokens: 100, cachedInputTokens: 40, outputTokens: 7, reasoningOutputTokens: 3 };

it("adds the usage of each model request to what there was", () => {
  const once = addUsage(NO_USAGE, LAST);
  expect(once).toEqual({ input_tokens: 100, cached_input_tokens: 40, output_tokens: 7, reasoning_tokens: 3 });
  expect(addUsage(once, { ...LAST, outputTokens: 10 })).toEqual({
    input_tokens: 200,
    cached_input_tokens: 80,
    output_tokens: 17,
    reasoning_tokens: 6,
  });
});

it("adds the usage of two parts of a turn", () => {
  const part = { input_tokens: 1, cached_input_tokens: 2, output_tokens: 3, reasoning_tokens: 4 };
  const other = { input_tokens: 10, cached_input_tokens: 20, output_tokens: 30, reasoning_tokens: 40 };
  expect(sumUsage(part, other)).toEqual({
    input_tokens: 11,
    cached_input_tokens: 22,
    output_tokens: 33,
    reasoning_tokens: 44,
  });
  expect(sumUsage(part, NO_USAGE)).toEqual(part);
});
