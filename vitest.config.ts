import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      // Node: pure parts, and the runner and process host with the real Codex.
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 20_000, hookTimeout: 30_000 } },
      "./test/worker/vitest.config.ts",
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 90_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
