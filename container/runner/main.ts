// The runner's entry point. It ends on SIGTERM, and below a process host also when that host is gone.

import { createLogger } from "../lib/log.ts";
import { RecentLines } from "../lib/recent-lines.ts";
import { readRunnerConfig } from "./config.ts";
import { startRunner } from "./runner.ts";

const LOG_LINES_KEPT = 1_000;
/** After the grace of the turn that is at work. */
const STOP_TIMEOUT_MS = 5_000;

async function main(): Promise<void> {
  const config = readRunnerConfig(process.env);
  const recent = new RecentLines(LOG_LINES_KEPT);
  const write = (line: string): void => {
    recent.add(line);
    process.stdout.write(`${line}\n`);
  };
  const log = createLogger(write, config.LOG_LEVEL, { part: "runner", incarnation: config.INCARNATION });
  const runner = await startRunner(config, recent, log);
  let stopping = false;
  const stop = async (reason: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info("stopping", { reason });
    setTimeout(() => process.exit(1), config.DRAIN_SECONDS * 1_000 + STOP_TIMEOUT_MS).unref();
    await runner.stop();
    process.exit(0);
  };
  process.on("SIGTERM", () => void stop("SIGTERM"));
  process.on("SIGINT", () => void stop("SIGINT"));
  if (config.ENDS_WITH_STDIN) process.stdin.on("end", () => void stop("parent gone")).resume();
  // Whoever started the runner waits for this line, whatever the log level, and may end it right after.
  process.stdout.write(`${JSON.stringify({ ready: true, port: runner.port })}\n`);
}

// When whoever reads the output is gone, writing it must not be what ends this process: the orderly stop still has to run.
process.stdout.on("error", () => {});

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
