// Tests in workerd itself: the Worker as wrangler.jsonc describes it, without containers, so that the process host steps in. Each
// workerd has a process host of its own, and a real port at which agents reach the model gateway.
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import type { BenchDescription } from "../support/worker-provided.ts";

export default defineConfig({
  logLevel: "error",
  plugins: [
    cloudflareTest(async ({ inject }) => {
      const response = await fetch(`${inject("labUrl")}/benches`, { method: "POST" });
      const bench: BenchDescription = await response.json();
      return {
        // workerd's own words about each connection that a test breaks.
        verbose: false,
        wrangler: { configPath: "../../wrangler.jsonc" },
        miniflare: {
          unsafeDirectSockets: [{ host: "127.0.0.1", port: bench.workerPort }],
          bindings: {
            OPENAI_API_KEY: inject("apiKey"),
            OPENAI_BASE_URL: inject("modelUrl"),
            OPENAI_AUTH_URL: `${inject("labUrl")}/openai/auth`,
            CHATGPT_BASE_URL: `${inject("labUrl")}/openai/backend-api`,
            ENCRYPTION_KEY: "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            DEV_TOKEN: "dev-token-of-the-tests",
            OWNER_PASSWORD: "password of the tests",
            CODEX_APPROVAL_MODE: "auto",
            EGRESS_ALLOWED_HOSTS: "registry.egress.example, *.files.egress.example",
            MAX_CONCURRENT_SESSIONS: "1000",
            PROCESS_HOST_URL: bench.hostUrl,
            PROCESS_HOST_TOKEN: bench.hostToken,
            LOG_LEVEL: "DEBUG",
            SIMULATED_AGENTS: process.env.SIMULATED_AGENTS ?? "200",
            BENCH: `${inject("labUrl")}/benches/${bench.id}`,
            WORKER_URL: `http://127.0.0.1:${bench.workerPort}`,
          },
        },
      };
    }),
  ],
  test: {
    name: "worker",
    include: ["**/*.test.ts"],
    sequence: { groupOrder: 1 },
    globalSetup: "../support/worker-setup.ts",
    setupFiles: "./support/each-file.ts",
    // One workerd for all files: starting one takes longer than most files run.
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
