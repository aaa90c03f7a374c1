// The process host's entry point. Prints one line {"message":"host listening","port":…} when it is ready, and ends every
// runner when it is told to stop or the process that started it is gone.
import { createLogger } from "../lib/log.ts";
import { readHostConfig } from "./config.ts";
import { ProcessHost } from "./server.ts";

const config = readHostConfig(process.env);
const log = createLogger((line) => process.stdout.write(`${line}\n`), config.LOG_LEVEL, { part: "host" });
const host = new ProcessHost(config, log);
log.info("host listening", { port: await host.listen() });

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
