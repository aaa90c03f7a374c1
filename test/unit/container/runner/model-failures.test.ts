import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findCodexBinary } from "../../../../container/runner/codex/binary.ts";
import { makeScratchDir } from "../../../support/app-server-driver.ts";
import { type Step, script } from "../../../support/fake-model/script.ts";
import { TestRunner } from "../../../support/runner.ts";
import { bodiesOf, continuing, turnSpec } from "../../../support/turn-record.ts";
import { useLab } from "./lab.ts";

const lab = useLab();

function apiError(status: number, error: object): Step {
  return { fail: { status, body: { error } } };
}

describe("what no retry can mend ends the turn at once", () => {
  it.each([
    ["429 without a time to come back", { fail: { status: 429 } }, "model_rate_limited"],
    ["a used-up limit", apiError(429, { type: "usage_limit_reached", plan_type: "plus" }), "usage_limit"],
    ["the gateway without a credential", apiError(400, { code: "gateway_no_credential" }), "no_credential"],
    ["a bad request", apiError(400, { code: "invalid_request_error", message: "bad" }), "model_refused"],
    ["too long a conversation", failedResponse("context_length_exceeded"), "context_too_long"],
    ["an empty account", failedResponse("insufficient_quota"), "usage_limit"],
    ["an overloaded model", failedResponse("server_is_overloaded"), "model_unavailable"],
  ] satisfies [string, Step, string][])("%s", async (_, step, code) => {
    const turn = await lab.run([step]);
    expect(turn.settled).toMatchObject({ status: "failed", answer: null, error: { code } });
    expect(lab.requestsOf(turn)).toHaveLength(1);
    expect(turn.settled.duration_ms).toBeLessThan(2_000);
  });

  function failedResponse(code: string): Step {
    return { event: { type: "response.failed", response: { error: { code, message: "told to fail" } } } };
  }
});

it("goes on with the conversation after a failure", async () => {
  const first = await lab.run([{ fail: { status: 429 } }]);
  const second = await lab.run([{ say: "recovered" }], continuing(first));
  expect(second.settled).toMatchObject({ status: "completed", answer: "recovered" });
});

it("shows that a stream which broke off is tried again, and completes", async () => {
  const turn = await lab.run([{ cut: { times: 1 } }, { say: "whole" }]);
  expect(turn.settled).toMatchObject({ status: "completed", answer: "whole" });
  expect(bodiesOf(turn, "retrying")).toMatchObject([{ attempt: expect.stringContaining("1/"), http_status: null }]);
  expect(lab.requestsOf(turn)).toHaveLength(2);
});

it("comes back when it was told to", async () => {
  const turn = await lab.run([{ fail: { status: 429, headers: { "retry-after": "1" }, times: 1 } }, { say: "back" }]);
  expect(turn.settled).toMatchObject({ status: "completed", answer: "back" });
  const [first, second] = lab.requestsOf(turn);
  expect((second?.receivedAt ?? 0) - (first?.receivedAt ?? 0)).toBeGreaterThan(900);
});

describe("what does not get better", () => {
  const message = "gateway_model_unreachable: the model gateway cannot forward this request.";
  const UNREACHED = apiError(503, { message, code: "gateway_model_unreachable" });
  // Codex's own retries take up to half a minute; this one gives up after the first.
  const directory = makeScratchDir("codex-");
  const impatient = join(directory, "codex");
  const retries = ["request_max_retries=0", "stream_max_retries=1"].map((s) => `-c model_providers.gateway.${s}`);
  let runner: TestRunner;

  beforeAll(async () => {
    writeFileSync(impatient, `#!/bin/sh\nexec ${findCodexBinary()?.path} "$@" ${retries.join(" ")}\n`);
    chmodSync(impatient, 0o755);
    runner = await TestRunner.start({ modelUrl: lab.model.url, env: { CODEX_BINARY: impatient } });
  });
  afterAll(async () => {
    await runner.stop();
    rmSync(directory, { recursive: true });
  });

  it.each([
    ["an upstream that refuses the credential", { fail: { status: 401 } }, "model_auth_failed", 401],
    ["an upstream that forbids", { fail: { status: 403 } }, "model_auth_failed", 403],
    ["an upstream with an error of its own", { fail: { status: 500 } }, "model_unavailable", null],
    ["an upstream that is not there", { fail: { status: 404 } }, "model_refused", 404],
    ["a stream that always breaks off", { cut: {} }, "model_unreachable", null],
    ["a gateway that reaches nobody", UNREACHED, "model_unreachable", 503],
  ] satisfies [string, Step, string, number | null][])(
    "is shown as tried again, then fails: %s",
    async (_, step, code, status) => {
      const turn = await runner.runTurn(turnSpec({ prompt: script(step) }));
      expect(turn.settled).toMatchObject({ status: "failed", answer: null, error: { code } });
      expect(bodiesOf(turn, "retrying").map(({ http_status }) => http_status)).toEqual([status]);
      expect(lab.requestsOf(turn)).toHaveLength(2);
    },
  );

  it("ends as unreachable where nobody listens", async () => {
    const env = { CODEX_BINARY: impatient };
    const lonely = await TestRunner.start({ modelUrl: "http://127.0.0.1:9/v1", env });
    const { settled } = await lonely.runTurn(turnSpec());
    expect(settled).toMatchObject({ status: "failed", answer: null, error: { code: "model_unreachable" } });
    await lonely.stop();
  });
});

it("is bounded by the turn's deadline while it tries again", async () => {
  const { settled } = await lab.run([{ fail: { status: 500 } }], { timeout_ms: 1_500 });
  expect(settled).toMatchObject({ status: "failed", error: { code: "deadline_exceeded" } });
  expect(settled.duration_ms).toBeLessThan(3_000);
});

it("asks one path of one host, with the model token as its credential", async () => {
  await lab.run([{ run: "echo x" }, { say: "done" }]);
  expect([...new Set(lab.model.requests.map(({ method, path }) => `${method} ${path}`))]).toEqual([
    "POST /v1/responses",
  ]);
  const tokens = new Set(lab.model.requests.map(({ headers }) => headers.authorization));
  expect([...tokens]).toContain(`Bearer ${lab.runner.modelToken}`);
});
