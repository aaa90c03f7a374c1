import { defineConfig } from "vitest/config";
import { imageProblem } from "./test/container/image.ts";
import { hasChromium, NO_CHROMIUM } from "./test/support/chromium.ts";
import { leaveOut } from "./test/support/left-out.ts";

/** What holds for a runner wherever it runs. */
const RUNNER_SUITES = [
  "access",
  "answers",
  "api",
  "approvals",
  "checkpoints",
  "codex-loss",
  "conversation",
  "event-replay",
  "evidence",
  "files-archives",
  "files-diff",
  "files-read",
  "files-write",
  "files-import",
  "repository",
  "stopping",
].map((name) => `test/unit/container/runner/${name}.test.ts`);

const problem = imageProblem();
const isImageLeftOut = leaveOut("The tests of the container image", problem === undefined, problem ?? "");

export default defineConfig({
  test: {
    // One project after the other: what starts whole servers needs the machine for itself.
    projects: [
      // Node: pure parts, and the runner and process host with the real Codex.
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          testTimeout: 20_000,
          hookTimeout: 30_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      "./test/worker/vitest.config.ts",
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: leaveOut("The tests of the pages", hasChromium, NO_CHROMIUM) ? ["test/e2e/browser.test.ts"] : [],
          sequence: { groupOrder: 2 },
          testTimeout: 60_000,
          hookTimeout: 90_000,
          fileParallelism: false,
        },
      },
      // What others made to test MCP servers: the conformance suite, the official clients, the Inspector, Claude Code.
      {
        test: {
          name: "mcp",
          include: ["test/mcp/**/*.test.ts"],
          sequence: { groupOrder: 3 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      // The short form of `npm run test:faults`.
      {
        test: {
          name: "faults",
          include: ["test/faults/**/*.test.ts"],
          sequence: { groupOrder: 5 },
          testTimeout: 150_000,
          hookTimeout: 90_000,
        },
      },
      // The runner's own suites again, and what only a container has, in containers of the real image.
      ...(isImageLeftOut
        ? []
        : [
            {
              test: {
                name: "container",
                include: ["test/container/**/*.test.ts", ...RUNNER_SUITES],
                globalSetup: ["test/container/image.ts"],
                env: { TEST_RUNTIME: "docker" },
                sequence: { groupOrder: 4 },
                testTimeout: 60_000,
                hookTimeout: 60_000,
                fileParallelism: false,
              },
            },
          ]),
    ],
  },
});
