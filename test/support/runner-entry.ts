// The runner as a process host starts it in tests.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildRunner } from "../../container/build.ts";

/** The real runner, which also drops all its connections on SIGUSR2: as a network would. */
const ENTRY = `
const sockets = new Set();
require("node:diagnostics_channel").subscribe("net.server.socket", ({ socket }) => {
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
});
process.on("SIGUSR2", () => { for (const socket of sockets) socket.destroy(); });
require("./runner.cjs");
`;

/** Resolves to the path of the program, which runs with `env` besides what it is started with. */
export async function makeRunnerEntry(directory: string, env: Record<string, string> = {}): Promise<string> {
  await buildRunner(directory);
  const entry = join(directory, "entry.cjs");
  writeFileSync(entry, `Object.assign(process.env, ${JSON.stringify(env)});${ENTRY}`);
  return entry;
}
