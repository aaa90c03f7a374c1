// The runner's entry point. It ends on SIGTERM, and when the process that started it is gone.

import { createLogger } from "../lib/log.ts";
import { RecentLines } from "../lib/recent-lines.ts";
import { readRunnerConfig } from "./config.ts";
import { startRunner } from "./runner.ts";

const LOG_LINES_KEPT = 1_000;
const STOP_GRACE_MS = 5_000;

async function main(): Promise<void> {
  const config = readRunnerConfig(process.env);
  const recent = new RecentLines(LOG_LINES_KEPT);
  const write = (line: string): void => {
    recent.add(line);
    process.stdout.write(`${line}
`);
  };
  const log = createLogger(write, config.LOG_LEVEL, { part: "runner", incarnation: config.INCARNATION });
  const runner = await startRunner(config, recent, log);
  let stopping = false;
  const stop = async (reason: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info("stopping", { reason });
    setTimeout(() => process.exit(1), STOP_GRACE_MS).unref();
    await runner.stop();
    process.exit(0);
  };
  process.on("SIGTERM", () => void stop("SIGTERM"));
  process.on("SIGINT", () => void stop("SIGINT"));
  // On a developer's machine stdin is a pipe from the process host: its end means that the host is gone.
  process.stdin.on("end", () => void stop("parent gone")).resume();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
