// Where a test's runner runs: as a process of this machine, or in a container of the real image (TEST_RUNTIME=docker, the
// project `container`). The tests are the same.
import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { DockerBody } from "./docker-body.ts";

export interface RunnerBody {
  /** Starts it. What it prints and its end show in the process that is returned. */
  start(env: Readonly<Record<string, string>>): ChildProcess;
  /** Where to reach it, once it has said on which port it listens. */
  urlOf(port: number): string;
  /** Its process, as this machine sees it; the commands are below it. */
  pidOf(child: ChildProcess): number;
  /** Ends it as whoever runs it does when it is not needed any more. */
  end(child: ChildProcess): void;
  /** By force. */
  kill(child: ChildProcess): void;
  /** Gives what is in the workspace to the user whose commands may write. */
  giveWorkspace(): void;
}

const SOURCES = resolve(import.meta.dirname, "../../container/runner/main.ts");

export const inDocker = process.env.TEST_RUNTIME === "docker";

/** `entry`: the program in place of the sources, where it is a process. */
export function makeBody(dataDir: string, entry: string = SOURCES): RunnerBody {
  return inDocker ? new DockerBody(dataDir) : processBody(entry);
}

const processBody = (entry: string): RunnerBody => ({
  start: (env) =>
    spawn(process.execPath, [entry], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { PATH: process.env.PATH, LISTEN_HOST: "127.0.0.1", PORT: "0", ENDS_WITH_STDIN: "true", ...env },
    }),
  urlOf: (port) => `http://127.0.0.1:${port}`,
  pidOf: (child) => child.pid ?? 0,
  end: (child) => child.stdin?.end(),
  kill: (child) => child.kill("SIGKILL"),
  giveWorkspace: () => {},
});
