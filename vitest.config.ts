import { defineConfig } from "vitest/config";
import { hasChromium, NO_CHROMIUM } from "./test/support/chromium.ts";
import { leaveOut } from "./test/support/left-out.ts";

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
    ],
  },
});
