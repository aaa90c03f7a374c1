// The parts of one agent and how they are wired. None of them knows the Durable Object class; what they need of it is below.
import type { Logger } from "../../container/lib/log.ts";
import type { TurnEvent } from "../../container/protocol.ts";
import type { Config } from "../config.ts";
import { deleteDisk } from "../runtime/with-container.ts";
import { AgentBody, type ContainerControl } from "./body.ts";
import { ArchiveBucket } from "./checkpoints/archive-bucket.ts";
import { AgentFiles, type AgentFilesOptions } from "./checkpoints/files.ts";
import { EgressGate } from "./egress-gate.ts";
import { Expiry } from "./expiry.ts";
import { type FleetLeases, Lease } from "./lease.ts";
import { progressLine } from "./progress.ts";
import { Session, type SessionOptions } from "./session.ts";
import { sessionLimits } from "./session-limits.ts";
import { AgentStore } from "./store/store.ts";
import { assertTokensLeft } from "./tokens-left.ts";
import { TurnQueue } from "./turn-queue.ts";
import { TurnRunner } from "./turn-runner.ts";
import type { WatchLine } from "./types.ts";
import { pastOf, viewOf } from "./view.ts";
import { Watchers } from "./watchers.ts";
import { DiskAccess } from "./workspace/disk-access.ts";
import { DiskGate } from "./workspace/disk-gate.ts";
import { Workspace, type WorkspaceOptions } from "./workspace/workspace.ts";

/** The object that the parts make up, as they see it. */
export interface AgentObject {
  ctx: DurableObjectState;
  directories: Cloudflare.Env["DIRECTORY"];
  bucket: R2Bucket | undefined;
  fleet(): FleetLeases;
  config: Config;
  log: Logger;
  container: ContainerControl;
  /** The container counts as used now. */
  renewActivity(): void;
  /** Lets the container end as an idle one does. */
  sleep(): Promise<void>;
  /** The same, unless a turn needs the container. */
  makeRoom(): Promise<unknown>;
  isScheduled(method: ScheduledMethod): Promise<boolean>;
  schedule(inSeconds: number, method: ScheduledMethod): Promise<unknown>;
  deleteSchedules(method: ScheduledMethod): void;
}

const SCHEDULED_METHODS = ["resumeTurns", "expireResults", "renewLease"] as const;
export type ScheduledMethod = (typeof SCHEDULED_METHODS)[number];

export interface AgentParts {
  store: AgentStore;
  body: AgentBody;
  queue: TurnQueue;
  watchers: Watchers;
  session: Session;
  expiry: Expiry;
  lease: Lease;
  files: AgentFiles;
  egress: EgressGate;
  /** Throws `budget_exceeded` where the user has no tokens left today. */
  assertTokensLeft(userId: string): Promise<void>;
  disk: DiskAccess;
  workspace: Workspace;
  /** Whether a turn is at work, or somebody uses the files. */
  isBusy(): boolean;
}

export function assembleAgent(object: AgentObject): AgentParts {
  const { ctx, config, log } = object;
  const store = new AgentStore(ctx.storage);
  const body: AgentBody = createBody(object, store, (userId) => lease.acquire(userId));
  const gate = new DiskGate();
  const areFilesInUse = (): boolean => gate.isBusy;
  const isBusy = (): boolean => queue.isBusy || gate.isBusy;
  const lease: Lease = createLease(object, store, body, areFilesInUse);
  const bucket = createBucket(object, store);
  const files = createFiles(object, { store, body, bucket });
  const watchers = new Watchers((turnId, after) => pastOf(store, turnId, after));
  const session = createSession(object, { store, body, files, lease }, { isBusy, areFilesInUse });
  const tokensLeft = (userId: string) => assertTokensLeft(object.directories.getByName(userId), log);
  const runner = new TurnRunner({
    store,
    body,
    log,
    files,
    assertTokensLeft: tokensLeft,
    onEvent: (turnId, event) => {
      object.renewActivity();
      if (CHANGES_STATUS.has(event.body.type)) session.changed();
      publish(watchers, turnId, event);
    },
  });
  const queue = new TurnQueue({
    store,
    log,
    run: (turnId) => runner.run(turnId),
    onSettled: (turnId) => {
      const row = store.turns.find(turnId);
      if (row !== undefined) watchers.finish(viewOf(store, row));
      session.changed();
    },
    afterTurn: () => files.afterTurn(),
  });
  const egress = new EgressGate({ store, rules: config.EGRESS_ALLOWED_HOSTS, log });
  const disk = createDiskAccess(object, { store, body, files, queue, gate, session, lease });
  const workspace = createWorkspace(object, { disk, store, bucket, egress });
  const expiry = createExpiry(object, store);
  const own = { store, body, queue, watchers, session, lease, files, egress, expiry, disk, workspace };
  return { ...own, isBusy, assertTokensLeft: tokensLeft };
}

function createBody(
  { ctx, container, config, log }: AgentObject,
  { incarnations, conversations }: AgentStore,
  acquireLease: (userId: string) => Promise<void>,
): AgentBody {
  return new AgentBody({
    container,
    incarnations,
    acquireLease: async () => acquireLease(conversations.identity()?.user_id ?? ""),
    objectId: ctx.id.toString(),
    logLevel: config.LOG_LEVEL,
    log,
  });
}

function createDiskAccess(
  { log, renewActivity }: AgentObject,
  parts: Pick<AgentParts, "store" | "body" | "files" | "queue" | "session" | "lease"> & { gate: DiskGate },
): DiskAccess {
  const { session, lease, ...rest } = parts;
  return new DiskAccess({
    ...rest,
    log,
    assertStays: () => session.assertStays(),
    acquireLease: (userId) => lease.acquire(userId),
    used: () => {
      renewActivity();
      rest.store.activities.used();
      session.changed();
    },
  });
}

function createWorkspace(
  { ctx, config, log, renewActivity }: AgentObject,
  { egress, ...parts }: Pick<WorkspaceOptions, "disk" | "store" | "bucket"> & { egress: EgressGate },
): Workspace {
  return new Workspace({
    ...parts,
    log,
    renewActivity,
    keepAlive: (work) => ctx.waitUntil(work),
    // Nothing stands between a process host and the network; the runner looks at addresses itself.
    withHost: config.PROCESS_HOST_URL === undefined ? (host, work) => egress.withHost(host, work) : (_, work) => work(),
  });
}

function createBucket({ ctx, bucket }: AgentObject, store: AgentStore): ArchiveBucket | undefined {
  const objectId = ctx.id.toString();
  return bucket && new ArchiveBucket({ bucket, prefix: () => prefixOf(store, objectId) });
}

function createFiles(
  { ctx, config, log }: AgentObject,
  parts: Pick<AgentFilesOptions, "store" | "body" | "bucket">,
): AgentFiles {
  return new AgentFiles({
    ...parts,
    kept: config.CHECKPOINTS_KEPT,
    isPersistent: config.PERSISTENT_MODE,
    deleteDisk: () => deleteDisk(ctx.container),
    log,
  });
}

/** User ids may hold anything. */
function prefixOf({ conversations }: AgentStore, objectId: string): string {
  return `agents/${encodeURIComponent(conversations.identity()?.user_id ?? "")}/${objectId}/`;
}

function createSession(
  object: AgentObject,
  { store, body, files, lease }: Pick<AgentParts, "store" | "body" | "files" | "lease">,
  uses: Pick<SessionOptions, "isBusy" | "areFilesInUse">,
): Session {
  return new Session({
    ctx: object.ctx,
    directories: object.directories,
    store,
    body,
    log: object.log,
    sleep: () => object.sleep(),
    ...uses,
    deleteCheckpoints: () => files.removeAll(),
    releaseLease: () => lease.release(),
    deleteSchedules: () => {
      for (const method of SCHEDULED_METHODS) object.deleteSchedules(method);
    },
  });
}

function createLease(object: AgentObject, store: AgentStore, body: AgentBody, areFilesInUse: () => boolean): Lease {
  return new Lease({
    fleet: object.fleet,
    holder: object.ctx.id.toString(),
    limits: sessionLimits(object.config),
    log: object.log,
    isNeeded: () => body.current() !== undefined || store.turns.firstOpen() !== undefined || areFilesInUse(),
    userId: () => store.conversations.identity()?.user_id,
    lastUsedAt: () => store.activities.read()?.last_active_at ?? 0,
    makeRoom: () => object.makeRoom(),
    schedules: {
      isPlanned: () => object.isScheduled("renewLease"),
      plan: (inSeconds) => object.schedule(inSeconds, "renewLease"),
    },
  });
}

function createExpiry(object: AgentObject, { turns }: AgentStore): Expiry {
  return new Expiry(turns, object.config.RESULT_TTL_SECONDS, {
    isPlanned: () => object.isScheduled("expireResults"),
    plan: (inSeconds) => object.schedule(inSeconds, "expireResults"),
  });
}

const CHANGES_STATUS: ReadonlySet<string> = new Set(["started", "approval_requested", "approval_resolved"]);

function publish(watchers: Watchers, turnId: string, { seq, body }: TurnEvent): void {
  const lines: WatchLine[] = [];
  if (body.type === "approval_requested") {
    lines.push({ type: "approval", seq, approval_id: body.approval.approval_id });
  }
  const message = progressLine(body);
  if (message !== undefined) lines.push({ type: "progress", seq, message });
  watchers.publish(turnId, seq, lines);
}
