// The MCP conformance suite, and the Worker that serves its fixtures through this project's transports.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Child } from "../../src/cli/dev/child.ts";
import { freePort } from "../../src/cli/dev/ports.ts";
import { makeScratchDir } from "./app-server-driver.ts";

import { runNode } from "./mcp-program.ts";

export interface SuiteResult {
  /** 0 where all required scenarios have passed, save those that were expected to fail. */
  code: number | string;
  /** What it printed, from its summary on. */
  summary: string;
  /** Scenarios with a failed check. */
  failed: string[];
}

const ROOT = resolve(import.meta.dirname, "../..");
const READY_TIMEOUT_MS = 45_000;
const SUITE_TIMEOUT_MS = 50_000;

export class ConformanceWorker {
  readonly url: string;
  readonly #child: Child;
  readonly #scratch: string;

  static async start(): Promise<ConformanceWorker> {
    const worker = new ConformanceWorker(await freePort());
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (!(await isServing(worker.url))) {
      if (Date.now() > deadline) {
        await worker.stop();
        throw new Error(`the Worker of the fixtures does not answer:\n${worker.#lines.join("\n")}`);
      }
      await sleep(50);
    }
    return worker;
  }

  readonly #lines: string[] = [];

  private constructor(port: number) {
    this.url = `http://localhost:${port}/mcp`;
    this.#scratch = makeScratchDir("conformance-");
    this.#child = new Child({
      args: [
        ...["--import", join(ROOT, "src/cli/dev/die-with-parent.ts")],
        ...[join(ROOT, "node_modules/wrangler/wrangler-dist/cli.js"), "dev"],
        ...["--config", join(ROOT, "test/mcp/conformance-worker/wrangler.jsonc"), "--port", String(port)],
        ...["--ip", "127.0.0.1", "--inspector-port", "0", "--persist-to", this.#scratch],
        ...["--show-interactive-dev-session=false", "--log-level", "warn"],
      ],
      cwd: ROOT,
      env: {
        PATH: process.env.PATH,
        HOME: this.#scratch,
        WRANGLER_SEND_METRICS: "false",
        CLOUDFLARE_CF_FETCH_ENABLED: "false",
        X_LOCAL_OBSERVABILITY: "false",
      },
      onLine: (line) => this.#lines.push(line),
    });
  }

  async stop(): Promise<void> {
    await this.#child.stop();
    rmSync(this.#scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** @param expectedFailures Path of a YAML file in the suite's own form. */
export async function runSuite(url: string, revision: string, expectedFailures?: string): Promise<SuiteResult> {
  const directory = makeScratchDir("conformance-results-");
  try {
    const baseline = expectedFailures === undefined ? [] : ["--expected-failures", expectedFailures];
    const args = ["server", "--url", url, "--requirements", revision, "-o", join(directory, "out"), ...baseline];
    const script = "@modelcontextprotocol/conformance/dist/index.js";
    const { code, stdout, stderr } = await runNode(script, args, { timeoutMs: SUITE_TIMEOUT_MS, cwd: directory });
    const summary = stdout.slice(Math.max(0, stdout.indexOf("=== SUMMARY")));
    return { code, summary: `${summary}${stderr.slice(-2_000)}`, failed: failedScenarios(join(directory, "out")) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** By the files that the suite writes: one directory per scenario, named for it and the time. */
function failedScenarios(directory: string): string[] {
  const failed = readdirSync(directory).filter((name) => {
    const checks: { status: string }[] = JSON.parse(readFileSync(join(directory, name, "checks.json"), "utf8"));
    return checks.some(({ status }) => status === "FAILURE");
  });
  return failed.map((name) => name.replace(/^server-/, "").replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, ""));
}

async function isServing(url: string): Promise<boolean> {
  const response = await fetch(url, { method: "DELETE", signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
  await response?.body?.cancel();
  return response !== undefined;
}
