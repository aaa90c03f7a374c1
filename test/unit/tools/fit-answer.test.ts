import { describe, expect, it } from "vitest";
import { evidenceOf } from "../../../src/agent/evidence.ts";
import { Envelope } from "../../../src/tools/envelope.ts";
import { fitAnswer } from "../../../src/tools/fit-answer.ts";

type Completed = Extract<Envelope, { status: "completed" }>;

const LIMIT = 80_000;

function completed(result: Record<string, unknown>, evidence: object = {}): Completed {
  return {
    status: "completed",
    agent_id: "a1",
    conversation_id: "conv_1",
    turn_id: "turn_1",
    result,
    evidence: { ...evidenceOf([]), ...evidence },
    usage: { input_tokens: 1, cached_input_tokens: 0, output_tokens: 1, reasoning_tokens: 0 },
    started_at: "2026-11-20T00:00:00.000Z",
    duration_ms: 1,
  };
}

it("an answer that fits stays as it is", () => {
  const envelope = completed({ response: "x".repeat(LIMIT / 2) }, { diff: "y".repeat(LIMIT / 4) });
  expect(fitAnswer(envelope)).toBe(envelope);
});

describe.each<[string, Completed, string[]]>([
  ["a long diff", completed({ response: "short" }, { diff: "+line\n".repeat(100_000) }), ["evidence.diff"]],
  ["a long answer", completed({ response: 'é\n"'.repeat(200_000) }), ["result.response"]],
  [
    "long texts deep inside",
    completed({ changes: Array.from({ length: 40 }, () => ({ file: "a", diff: "d".repeat(10_000) })) }),
    ["result.changes.0.diff"],
  ],
  [
    "many short items",
    completed(
      {},
      {
        commands: Array.from({ length: 5_000 }, (_, n) => ({
          command: `echo ${n} ${"x".repeat(60)}`,
          exit_code: 0,
          duration_ms: 1,
        })),
      },
    ),
    ["evidence.commands"],
  ],
])("%s", (_, envelope, fields) => {
  const fitted = fitAnswer(envelope) as Completed; // the status stays

  it("is cut until it fits, and still has the advertised shape", () => {
    expect(JSON.stringify(fitted).length).toBeLessThanOrEqual(LIMIT + 1_000);
    expect(Envelope.safeParse(fitted).error).toBeUndefined();
    expect(envelope).not.toHaveProperty("cut");
  });

  it("is said to be cut, with how much there is and where the whole is", () => {
    expect(fitted.cut?.map(({ field }) => field)).toEqual(expect.arrayContaining(fields));
    for (const { kept, total } of fitted.cut ?? []) expect(kept).toBeLessThan(total);
    expect(fitted.next).toMatch(/read_turn with turn_id "turn_1" and agent_id "a1"/);
  });
});

it("takes as little as it must", () => {
  const fitted = fitAnswer(completed({ response: "short" }, { diff: "x".repeat(LIMIT * 2) }));
  expect(JSON.stringify(fitted).length).toBeGreaterThan(LIMIT - 1_000);
  expect(fitted).toMatchObject({ result: { response: "short" }, cut: [{ field: "evidence.diff", total: LIMIT * 2 }] });
});

it("what a turn waits for is cut as well, and says what to call", () => {
  const approvals = [1, 2].map((n) => ({
    approval_id: `approval_${n}`,
    kind: "file_change" as const,
    diff: "x".repeat(LIMIT),
    expires_at: 1,
    url: "https://codex.example/approvals",
  }));
  const ids = { agent_id: "a1", conversation_id: "conv_1", turn_id: "turn_1" };
  const envelope: Envelope = {
    status: "awaiting_approval",
    ...ids,
    progress: [],
    approvals,
    next: "Call answer_approval.",
  };
  expect(fitAnswer(envelope)).toMatchObject({
    cut: [{ field: "approvals.0.diff" }, { field: "approvals.1.diff" }],
    next: expect.stringMatching(/^Call answer_approval\. .*read_turn/),
  });
});
