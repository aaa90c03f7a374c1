// One dev server per state directory: two would write to the same databases and run the same agents.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { isPortFree } from "./ports.ts";

const Holder = z.object({ pid: z.number().int(), port: z.number().int() });
type Holder = z.infer<typeof Holder>;

/** Throws an `Error` where a server that still runs has it. What a killed server left is taken over. */
export async function lockState(stateDir: string, port: number): Promise<void> {
  const path = join(stateDir, "dev-server.json");
  const holder = readHolder(path);
  // Process ids come back; one that is alive and a port that is taken are no coincidence.
  if (holder !== undefined && isAlive(holder.pid) && !(await isPortFree(holder.port))) {
    const other = `PORT=${port} STATE_DIR=.state-${port} npm run dev`;
    throw new Error(
      `${stateDir} is in use by the dev server on port ${holder.port} (process ${holder.pid}). Use that one, end it, or choose another directory: ${other}`,
    );
  }
  writeFileSync(path, `${JSON.stringify({ pid: process.pid, port } satisfies Holder)}\n`);
}

function readHolder(path: string): Holder | undefined {
  try {
    return Holder.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
