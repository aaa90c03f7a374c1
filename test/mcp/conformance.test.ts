// The official conformance suite, in both revisions that it can ask for.
import { afterAll, beforeAll, expect, it } from "vitest";
import { ConformanceWorker, runSuite } from "../support/mcp-conformance.ts";

let worker: ConformanceWorker;

beforeAll(async () => {
  worker = await ConformanceWorker.start();
});

afterAll(() => worker?.stop());

it("passes every scenario that revision 2026-07-28 requires", async () => {
  const { code, summary, failed } = await runSuite(worker.url, "2026-07-28");
  expect(code, summary).toBe(0);
  // No tool of this server works by tasks only, and the SDK makes a tool's every error a result: nothing could answer -32021 here.
  expect(failed).toEqual(["tasks-required-task-error"]);
  expect(summary).toMatch(/server-stateless: 30 passed, 0 failed/);
});

it("passes every scenario that revision 2025-11-25 requires, and those that it does not", async () => {
  const { code, summary, failed } = await runSuite(worker.url, "2025-11-25");
  expect(code, summary).toBe(0);
  expect(failed).toEqual([]);
  expect(summary).toMatch(/Total: \d{2,} passed, 0 failed/);
});
