// The process host's entry point. Prints one line {"ready":true,"port":…} when it is ready, and ends every
// runner when it is told to stop or the process that started it is gone.
import { createLogger } from "../lib/log.ts";
import { readHostConfig } from "./config.ts";
import { ProcessHost } from "./server.ts";

// When whoever reads the output is gone, writing it must not be what ends this process: the orderly stop still has to run.
process.stdout.on("error", () => {});

const config = readHostConfig(process.env);
const log = createLogger((line) => process.stdout.write(`${line}\n`), config.LOG_LEVEL, { part: "host" });
const host = new ProcessHost(config, log);
const port = await host.listen();
log.info("host listening", { port });
log.info("EGRESS_ALLOWED_HOSTS holds nothing back here: it needs containers", { sandbox: config.SANDBOX });

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await host.close();
  process.exit(0);
}
process.on("SIGTERM", () => void stop());
process.on("SIGINT", () => void stop());
process.stdin.on("end", () => void stop()).resume();
// Whoever started the host waits for this line, whatever the log level, and may end it right after.
process.stdout.write(`${JSON.stringify({ ready: true, port })}\n`);
