// One run of `wrangler dev`. Settings and secrets go in as environment variables: no file holds them, and no command line
// shows them.
import { join } from "node:path";
import { pickEnv } from "../../../container/lib/base-env.ts";
import { Child } from "./child.ts";
import { WranglerOutput } from "./wrangler-output.ts";

export interface WranglerOptions {
  root: string;
  stateDir: string;
  port: number;
  containers: boolean;
  vars: Readonly<Record<string, string>>;
  onLine(line: string): void;
}

/** With containers wrangler first builds their image. */
const READY_TIMEOUT_MS = { host: 60_000, containers: 1_200_000 };
const POLL_MS = 100;
const ANSWER_TIMEOUT_MS = 1_000;
const CRASHED = "The Workers runtime crashed";
const CRASH_GRACE_MS = 3_000;
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
  "MINIFLARE_CONTAINER_EGRESS_IMAGE",
  "MINIFLARE_CONTAINER_EGRESS_IMAGE_PLATFORM",
  "NODE_EXTRA_CA_CERTS",
];
const EMPTY_ENV_FILE = process.platform === "win32" ? "NUL" : "/dev/null";

/** Resolves when the server answers. Rejects where it does not come up. */
export async function startWrangler(options: WranglerOptions): Promise<Child> {
  const { root, port, containers, vars, onLine } = options;
  const output = new WranglerOutput(onLine, vars.LOG_LEVEL === "DEBUG");
  // Building an image takes minutes, and a developer wants to see them pass.
  if (containers) output.showAll();
  const child = new Child({
    args: wranglerArguments(options),
    cwd: root,
    env: wranglerEnvironment(options),
    onLine: (line) => {
      output.add(line);
      if (line.includes(CRASHED)) void killUnlessServing(child, port);
    },
  });
  let exitCode: number | undefined;
  void child.exited.then((code) => {
    exitCode = code;
  });
  const timeoutMs = containers ? READY_TIMEOUT_MS.containers : READY_TIMEOUT_MS.host;
  if (await isServing(port, timeoutMs, () => exitCode === undefined)) {
    output.forget();
    return child;
  }
  output.showAll();
  await child.stop();
  const end = exitCode === undefined ? "did not answer in time" : `ended with code ${exitCode}`;
  throw new Error(`wrangler dev ${end}; its last lines are above.`);
}

/** wrangler starts a crashed runtime again, but where that was the one that listens, its port stays dead. */
async function killUnlessServing(child: Child, port: number): Promise<void> {
  if (!(await isServing(port, CRASH_GRACE_MS))) child.kill();
}

/** Whether the Worker answers within the time, as long as `goesOn`. */
async function isServing(port: number, timeoutMs: number, goesOn = () => true): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; goesOn() && Date.now() < deadline; ) {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const health = await fetch(`http://127.0.0.1:${port}/health`, { signal }).catch(() => undefined);
    if (health?.ok) return true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}

function wranglerArguments({ root, stateDir, port, containers }: WranglerOptions): string[] {
  return [
    ...["--import", join(root, "src", "cli", "dev", "die-with-parent.ts")],
    join(root, "node_modules", "wrangler", "wrangler-dist", "cli.js"),
    ...["dev", "--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"],
    ...["--persist-to", join(stateDir, "worker"), "--env-file", EMPTY_ENV_FILE],
    ...["--show-interactive-dev-session=false", "--log-level", "log", `--enable-containers=${containers}`],
  ];
}

function wranglerEnvironment({ stateDir, vars }: WranglerOptions): NodeJS.ProcessEnv {
  return {
    ...pickEnv(process.env, PASSED_ENV),
    CLOUDFLARE_INCLUDE_PROCESS_ENV: "true",
    // Nothing here looks at `Request.cf`, and offline the attempt to fetch it costs seconds and two warnings.
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_HIDE_BANNER: "true",
    // Its local trace store would see every request, and costs more than the Worker itself.
    X_LOCAL_OBSERVABILITY: "false",
    // An API without a token over every agent's storage.
    X_LOCAL_EXPLORER: "false",
    WRANGLER_LOG_PATH: join(stateDir, "wrangler-logs"),
    ...vars,
  };
}
