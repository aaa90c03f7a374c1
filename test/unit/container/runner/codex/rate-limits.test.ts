import { expect, it } from "vitest";
import { resetOf } from "../../../../../container/runner/codex/rate-limits.ts";

const at = (usedPercent: number, resetsAt: number | null) => ({ usedPercent, resetsAt, windowDurationMins: 300 });

it.each([
  ["the window that is used up", at(100, 50), at(99, 90), 50_000],
  ["the later of two that are used up", at(100, 50), at(120, 90), 90_000],
  ["no window that is not used up", at(99, 50), at(3, 90), null],
  ["no window that does not say", at(100, null), null, null],
  ["no window at all", null, null, null],
])("takes the reset of %s", (_, primary, secondary, reset) => {
  expect(resetOf({ rateLimits: { primary, secondary } })).toBe(reset);
});

it.each([undefined, null, {}, { rateLimits: null }])("knows nothing from %j", (params) => {
  expect(resetOf(params)).toBeNull();
});
