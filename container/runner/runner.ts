// Puts the runner together: directories, Codex, turns, and the HTTP server over them.
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../lib/log.ts";
import type { RecentLines } from "../lib/recent-lines.ts";
import { PROTOCOL_VERSION, type RunnerHealth } from "../protocol.ts";
import { Certificates } from "./certificates.ts";
import { Checkpoints } from "./checkpoint/checkpoints.ts";
import { AppServer } from "./codex/app-server.ts";
import { findCodexBinary } from "./codex/binary.ts";
import { Catalogue } from "./codex/catalogue.ts";
import { type ApprovalCounter, decideRequest } from "./codex/server-requests.ts";
import { appServerArguments, appServerEnvironment, type CodexSettings, type Layout } from "./codex/settings.ts";
import type { RunnerConfig } from "./config.ts";
import { prepareDirectories } from "./directories.ts";
import { DiskProcess } from "./disk-process.ts";
import { Drain } from "./drain.ts";
import { WorkspaceFiles, type WorkspaceFilesOptions } from "./files/workspace-files.ts";
import { IdleMemory } from "./idle-memory.ts";
import { CodexSandboxJail, type Jail, OpenJail } from "./jail.ts";
import { MetricsReader } from "./metrics.ts";
import { createRunnerServer } from "./server.ts";
import type { NotificationTap, TurnListener, TurnTools } from "./turn/execute-turn.ts";
import { SessionGrants } from "./turn/session-grants.ts";
import { Threads } from "./turn/threads.ts";
import { TurnBook } from "./turn/turn-book.ts";
import { asAgent, availableMemoryBytes, EXPENDABLE, UserJail } from "./user-jail.ts";
import { openWorkspaceObserver } from "./workspace/observer.ts";

/** In a container, commands are no descendants of the runner. */
const INIT_PID = 1;
/** For an interrupted turn to say so, and for its followers to read it. */
const REPORT_MS = 1_000;

export interface Runner {
  port: number;
  /** Gives the turn that is at work its grace, then interrupts it. Resolves when its followers have been told. */
  stop(): Promise<void>;
}

/** Resolves when the server listens; Codex then starts by itself. Rejects where the port or a directory cannot be had. */
export async function startRunner(config: RunnerConfig, recent: RecentLines, log: Logger): Promise<Runner> {
  const paths = prepareDirectories(config.DATA_DIR);
  const tap = new LatestListener();
  const certificates = config.SANDBOX === "users" ? new Certificates(paths.certificates) : undefined;
  const tools = await openTools(config, paths, { tap, certificates, log });
  const { codex, catalogue } = tools;
  const turns = new TurnBook(tools, tap);
  const isTurnActive = (): boolean => turns.activeTurnId !== null;
  const metrics = new MetricsReader(config.DATA_DIR, config.SANDBOX === "users" ? INIT_PID : process.pid);
  const drain = new Drain({ isTurnActive });
  const disk = openDisk(config, log);
  const files = openFiles(config, { certificates, disk, isTurnActive, log });
  const server = createRunnerServer({
    token: config.RUNNER_TOKEN,
    codexHome: paths.codexHome,
    turns,
    threads: tools.threads,
    grants: tools.grants,
    checkpoints: new Checkpoints({
      dataDir: config.DATA_DIR,
      directory: paths.checkpoints,
      scratch: paths.archives,
      staging: paths.staging,
      disk,
      forgetConversations: () => forgetConversations(paths, tools),
      isTurnActive: () => isTurnActive() || files.isChanging,
    }),
    files,
    drain,
    log,
    health: healthOf(config, tools, turns, drain),
    metrics: () => metrics.read(),
    models: async () => (codex === undefined ? [] : catalogue.list(await codex.appServer.connect())),
    logTail: (lines) => recent.tail(lines),
  });
  const memory = new IdleMemory({ isTurnActive });
  server.on("request", () => memory.used());
  const port = await listen(server, config);
  log.info("listening", { port });
  warmUp(tools);
  return {
    port,
    stop: () => stopInOrder({ server, turns, drain, codex }, config.DRAIN_SECONDS * 1_000),
  };
}

async function listen(server: Server, { PORT, LISTEN_HOST }: RunnerConfig): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(PORT, LISTEN_HOST, resolve);
  });
  return (server.address() as AddressInfo).port; // a TCP server's address is never a string
}

interface Parts {
  server: Server;
  turns: TurnBook;
  drain: Drain;
  codex: TurnTools["codex"];
}

async function stopInOrder({ server, turns, drain, codex }: Parts, graceMs: number): Promise<void> {
  turns.containerEnds();
  await drain.untilQuiet(graceMs);
  await codex?.appServer.stop();
  await Promise.race([turns.idle, sleep(REPORT_MS)]);
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  await Promise.race([closed, sleep(REPORT_MS)]);
}

function healthOf(config: RunnerConfig, { codex }: TurnTools, turns: TurnBook, drain: Drain): () => RunnerHealth {
  const startedAt = Date.now();
  return () => ({
    status: codex === undefined || codex.appServer.state === "down" ? "degraded" : "ok",
    protocol: PROTOCOL_VERSION,
    incarnation: config.INCARNATION,
    codex_version: codex?.version ?? null,
    app_server: codex?.appServer.state ?? "down",
    app_server_restarts: codex?.appServer.restarts ?? 0,
    active_turn: turns.activeTurnId,
    draining: drain.isOn,
    uptime_ms: Date.now() - startedAt,
  });
}

/** Codex remembers in its databases where they were. */
async function forgetConversations({ codexHome, sqlite }: Layout, { codex }: TurnTools): Promise<void> {
  const sessions = join(codexHome, "sessions");
  if (!existsSync(sessions)) return;
  const forget = async (): Promise<void> => {
    await rm(sessions, { recursive: true });
    await rm(sqlite, { recursive: true, force: true });
    await mkdir(sqlite, { mode: 0o700 });
  };
  await (codex === undefined ? forget() : codex.appServer.restartAfter(forget));
}

/** The first turn then pays neither for Codex's own start nor for the sandbox probe. */
function warmUp({ codex, jail, log }: TurnTools): void {
  void codex?.appServer.connect().catch((error: unknown) => log.error("codex cannot start", { error: String(error) }));
  void jail.isUsable();
}

interface ToolNeeds {
  tap: LatestListener;
  certificates: Certificates | undefined;
  log: Logger;
}

async function openTools(
  config: RunnerConfig,
  paths: Layout,
  { tap, certificates, log }: ToolNeeds,
): Promise<TurnTools> {
  const binary = findCodexBinary(config.CODEX_BINARY);
  const settings: CodexSettings = {
    dataDir: config.DATA_DIR,
    modelBaseUrl: config.MODEL_BASE_URL,
    modelToken: config.MODEL_TOKEN,
    ...(certificates === undefined ? {} : { home: paths.codexHome, commandEnv: certificates.env }),
  };
  const args = appServerArguments(settings);
  const env = appServerEnvironment(settings, process.env);
  const jail = openJail(config, paths, { codexPath: binary?.path, env, certificates });
  const peer = {
    onNotification: (method: string, params: unknown) => {
      // A lost environment stays lost as long as this process lives.
      if (method === "thread/environment/disconnected") appServer?.retire();
      tap.deliver(method, params);
    },
    onRequest: (method: string, params: unknown) => decideRequest(method, params, tap.approvals),
  };
  const cleanUp = () => jail.afterCodex();
  const appServer =
    binary && new AppServer({ binaryPath: binary.path, args, env, cwd: paths.workspace, peer, cleanUp, log });
  return {
    codex: appServer && { appServer, version: binary.version },
    catalogue: new Catalogue(),
    workspace: paths.workspace,
    longPrompts: paths.longPrompts,
    grants: new SessionGrants(),
    threads: new Threads(paths.codexHome, paths.workspace),
    jail,
    observer: await openWorkspaceObserver({ root: paths.workspace, storeDir: paths.baseline }),
    log,
  };
}

interface JailNeeds {
  codexPath: string | undefined;
  env: NodeJS.ProcessEnv;
  /** In a container only. */
  certificates: Certificates | undefined;
}

function openJail({ SANDBOX }: RunnerConfig, paths: Layout, { codexPath, env, certificates }: JailNeeds): Jail {
  if (SANDBOX === "off" || codexPath === undefined) return new OpenJail(env.HOME);
  if (certificates === undefined) return new CodexSandboxJail(codexPath, env);
  return new UserJail({ codexPath, paths, memoryBytes: availableMemoryBytes(), certificates });
}

/** The files are the agent's, and so is the user who handles them. */
function openDisk({ SANDBOX }: RunnerConfig, log: Logger): DiskProcess {
  return new DiskProcess({ log, ...(SANDBOX === "users" ? { prefix: asAgent("/", ...EXPENDABLE) } : {}) });
}

interface FilesNeeds extends Pick<WorkspaceFilesOptions, "disk" | "isTurnActive" | "log"> {
  certificates: Certificates | undefined;
}

/** What leaves a container goes through the Worker, which looks names up, and shows certificates of the platform. */
function openFiles(config: RunnerConfig, { certificates, ...needs }: FilesNeeds): WorkspaceFiles {
  const authorities = (): string | undefined => config.IMPORT_CA ?? certificates?.all();
  const imports = { allowed: config.IMPORT_ALLOWED_HOSTS, looksUp: certificates === undefined, authorities };
  return new WorkspaceFiles({ ...needs, dataDir: config.DATA_DIR, imports });
}

/** One turn runs at a time, so the latest listener is the one whose turn Codex is talking about. */
class LatestListener implements NotificationTap {
  #listener: TurnListener | undefined;

  get approvals(): ApprovalCounter | undefined {
    return this.#listener?.approvals;
  }

  connect(listener: TurnListener): void {
    this.#listener = listener;
  }

  deliver(method: string, params: unknown): void {
    this.#listener?.onNotification(method, params);
  }
}
