// The text bindings that vitest.config.ts adds.
declare namespace Cloudflare {
  interface GlobalProps {
    mainModule: typeof import("../../../src/index.ts");
  }
  interface Env {
    OPENAI_API_KEY: string;
    OPENAI_BASE_URL: string;
    OPENAI_AUTH_URL: string;
    CHATGPT_BASE_URL: string;
    ENCRYPTION_KEY: string;
    DEV_TOKEN: string;
    OWNER_PASSWORD: string;
    PROCESS_HOST_URL: string;
    PROCESS_HOST_TOKEN: string;
    /** URL of this workerd's bench in the lab. */
    BENCH: string;
    /** Where this Worker listens. */
    WORKER_URL: string;
    /** How many agents scale.test.ts has. */
    SIMULATED_AGENTS: string;
  }
}
