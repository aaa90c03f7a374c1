// Runs the Worker with `wrangler dev`. Settings and secrets go in as environment variables: no file holds them, and no
// command line shows them.
import { join } from "node:path";
import { Child } from "./child.ts";

export interface WorkerOptions {
  root: string;
  stateDir: string;
  port: number;
  containers: boolean;
  vars: Readonly<Record<string, string>>;
  onLine(line: string): void;
}

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 100;
/** All that wrangler itself needs; everything in its environment becomes visible to the Worker. */
const PASSED_ENV = [
  "PATH",
  "HOME",
  "USERPROFILE",
  "SystemRoot",
  "TMPDIR",
  "TEMP",
  "DOCKER_HOST",
  "WRANGLER_DOCKER_BIN",
];
const EMPTY_ENV_FILE = process.platform === "win32" ? "NUL" : "/dev/null";

/** Resolves when the server answers. Rejects where it does not come up. */
export async function startWorker(options: WorkerOptions): Promise<Child> {
  const { root, stateDir, port, containers, vars, onLine } = options;
  const child = new Child({
    args: [
      ...["--import", join(root, "src", "cli", "dev", "die-with-parent.ts")],
      join(root, "node_modules", "wrangler", "wrangler-dist", "cli.js"),
      ...["dev", "--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"],
      ...["--persist-to", join(stateDir, "worker"), "--env-file", EMPTY_ENV_FILE],
      ...["--show-interactive-dev-session=false", "--log-level", "log", `--enable-containers=${containers}`],
    ],
    cwd: root,
    env: {
      ...Object.fromEntries(
        PASSED_ENV.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
      ),
      CLOUDFLARE_INCLUDE_PROCESS_ENV: "true",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_HIDE_BANNER: "true",
      WRANGLER_LOG_PATH: join(stateDir, "wrangler-logs"),
      ...vars,
    },
    onLine,
  });
  let exitCode: number | undefined;
  void child.exited.then((code) => {
    exitCode = code;
  });
  for (const deadline = Date.now() + READY_TIMEOUT_MS; Date.now() < deadline; ) {
    if (exitCode !== undefined) throw new Error(`wrangler dev ended with code ${exitCode}; its last lines are above.`);
    const health = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
    if (health?.ok) return child;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  await child.stop();
  throw new Error("wrangler dev did not answer in time; its last lines are above.");
}
