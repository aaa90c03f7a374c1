// Adds up what the model requests of a turn used.
import type { TokenUsage } from "../../protocol.ts";
import type { Breakdown } from "./messages.ts";

export const NO_USAGE: TokenUsage = {
  input_tokens: 0,
  cached_input_tokens: 0,
  output_tokens: 0,
  reasoning_tokens: 0,
};

/** `last` is the usage of one model request, as `thread/tokenUsage/updated` reports it after each. */
export function addUsage(sum: TokenUsage, last: Breakdown): TokenUsage {
  return {
    input_tokens: sum.input_tokens + last.inputTokens,
    cached_input_tokens: sum.cached_input_tokens + last.cachedInputTokens,
    output_tokens: sum.output_tokens + last.outputTokens,
    reasoning_tokens: sum.reasoning_tokens + last.reasoningOutputTokens,
  };
}

export function sumUsage(a: TokenUsage, b: TokenUsage): TokenUsage {
  return {
    input_tokens: a.input_tokens + b.input_tokens,
    cached_input_tokens: a.cached_input_tokens + b.cached_input_tokens,
    output_tokens: a.output_tokens + b.output_tokens,
    reasoning_tokens: a.reasoning_tokens + b.reasoning_tokens,
  };
}
