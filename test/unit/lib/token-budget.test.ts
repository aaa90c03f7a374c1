import { expect, it } from "vitest";
import { budgetMessage, compactBudget, readCompactBudget, type SpentBudget } from "../../../src/lib/token-budget.ts";

const DAY: SpentBudget = { kind: "day", limit: 1_000, used: 1_234, resets_at: Date.UTC(2026, 10, 21) };
const TURN: SpentBudget = { kind: "turn", limit: 50, used: 50, resets_at: null };

it.each([DAY, TURN])("survives the way through Codex's error text: $kind", (spent) => {
  expect(readCompactBudget(compactBudget(spent))).toEqual(spent);
});

it.each(["", "day", "day:1:2", "week:1:2:", "day:1:2:3", "day:-1:2:", "day:1:2: ", `turn:${"9".repeat(16)}:1:`])(
  "takes nothing else: %j",
  (text) => {
    expect(readCompactBudget(text)).toBeUndefined();
  },
);

it("names the setting, the limit, what was used and when it resets", () => {
  const day = budgetMessage(DAY);
  for (const part of ["1234 of 1000 tokens", "MAX_TOKENS_PER_DAY", "2026-11-21T00:00:00.000Z"])
    expect(day).toContain(part);
  const turn = budgetMessage(TURN);
  for (const part of ["50 of 50 tokens", "MAX_TOKENS_PER_TURN", "a new turn"]) expect(turn).toContain(part);
});
