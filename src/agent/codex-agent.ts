// The Durable Object of one agent: its RPC methods and its timers. parts.ts wires what does the work.
import { Container } from "@cloudflare/containers";
import { createLogger, type Logger } from "../../container/lib/log.ts";
import { type ApprovalDecision, RUNNER_PORT } from "../../container/protocol.ts";
import { readConfig } from "../config.ts";
import { AppError, type Outcome, outcomeOf } from "../errors.ts";
import type { AgentState, SessionStatus } from "../lib/agent-report.ts";
import { InOrder } from "../lib/in-order.ts";
import type { Destination, EgressVerdict } from "../runtime/egress-destination.ts";
import { withContainer } from "../runtime/with-container.ts";
import { answerApproval } from "./answer-approval.ts";
import { cancelTurn } from "./cancel-turn.ts";
import { type CheckpointInfo, listCheckpoints } from "./checkpoints/list.ts";
import { type Rollback, rollBack } from "./checkpoints/rollback.ts";
import { containerControl } from "./container-control.ts";
import type { AgentDescription, LookOptions } from "./describe.ts";
import { type ModelRequester, modelRequester } from "./model-requester.ts";
import { type AgentParts, assembleAgent } from "./parts.ts";
import type { Retirement, RetireRequest } from "./retire.ts";
import { steerTurn } from "./steer-turn.ts";
import type { TurnRow } from "./store/turns.ts";
import { admitTurn, RESUME_AFTER_S } from "./submit-turn.ts";
import { type TurnPart, turnText } from "./turn-text.ts";
import { isSettled, type TurnRequest, type TurnView } from "./types.ts";
import { viewOf } from "./view.ts";
import type { Workspace } from "./workspace/workspace.ts";

export class CodexAgent extends Container<Cloudflare.Env> {
  override defaultPort = RUNNER_PORT;
  override enableInternet = false;
  override interceptHttps = true;
  override pingEndpoint = "runner/ping";
  override sleepAfter: number;

  readonly #log: Logger;
  readonly #parts: AgentParts;
  readonly #admission = new InOrder();

  constructor(ctx: DurableObjectState<object>, env: Cloudflare.Env) {
    const config = readConfig(env);
    super(withContainer(ctx, config), env);
    this.sleepAfter = config.SESSION_TIMEOUT;
    this.#log = createLogger(console.log, config.LOG_LEVEL, { part: "agent", object: ctx.id.toString().slice(0, 12) });
    this.#parts = assembleAgent({
      ctx: this.ctx,
      directories: env.DIRECTORY,
      bucket: env.CHECKPOINTS,
      fleet: () => env.FLEET.getByName("fleet"),
      config,
      log: this.#log,
      container: containerControl(this, this.ctx.container),
      renewActivity: () => this.renewActivityTimeout(),
      sleep: () => this.onActivityExpired(),
      makeRoom: () => this.yieldContainer(),
      isScheduled: async (method) => (await this.listSchedules(method)).length > 0,
      schedule: (inSeconds, method) => this.schedule(inSeconds, method),
      deleteSchedules: (method) => this.deleteSchedules(method),
    });
    this.ctx.waitUntil(this.#parts.files.sweep());
    this.resumeTurns();
  }

  /** Takes a turn in; it is durable when this returns, and runs whether anybody waits or not. */
  startTurn(request: TurnRequest): Promise<Outcome<TurnView>> {
    return outcomeOf(async () => {
      const { session, store, body, expiry, queue } = this.#parts;
      session.assertStays();
      if (!queue.isBusy) body.lookAhead();
      const row = await this.#accept(request);
      session.changed();
      this.ctx.waitUntil(expiry.plan());
      // While the container is up, the Container class keeps an alarm that wakes this object.
      if (body.current() === undefined) await this.schedule(RESUME_AFTER_S, "resumeTurns");
      this.resumeTurns();
      return viewOf(store, row);
    });
  }

  getTurn(turnId: string): Promise<Outcome<TurnView>> {
    return outcomeOf(() => this.#view(turnId));
  }

  /** A part of a turn as text to read. */
  turnText(turnId: string, part: TurnPart): Promise<Outcome<string>> {
    return outcomeOf(() => turnText(this.#parts.store, this.#view(turnId), part));
  }

  /** Ids of the turns accepted last, the newest first. */
  async newestTurns(): Promise<string[]> {
    return this.#parts.store.turns.newest();
  }

  /**
   * Follows a turn: NDJSON of `WatchLine`, progress above number `after` first, the settled view last.
   * Ending the stream ends the watching, never the turn. `busy` where too many follow already.
   */
  watchTurn(turnId: string, after: number): Promise<Outcome<ReadableStream<Uint8Array>>> {
    return outcomeOf(() => {
      const { watchers } = this.#parts;
      if (!isSettled(this.#row(turnId).status)) return watchers.watch(turnId, after);
      return watchers.replay(after, this.#view(turnId));
    });
  }

  /** Ends a turn; one that has settled stays as it is. Returns the turn as it then stands. */
  cancelTurn(turnId: string): Promise<Outcome<TurnView>> {
    return outcomeOf(async () => {
      const isOpen = !isSettled(this.#row(turnId).status);
      if (isOpen) await cancelTurn(turnId, { ...this.#parts, log: this.#log });
      const view = this.#view(turnId);
      if (isSettled(view.status)) this.#parts.watchers.finish(view);
      this.#parts.session.changed();
      return view;
    });
  }

  /** Decides on something that a turn waits for. Returns the turn as it then stands. */
  answerApproval(turnId: string, approvalId: string, decision: ApprovalDecision): Promise<Outcome<TurnView>> {
    return outcomeOf(async () => {
      this.#row(turnId);
      await answerApproval({ turnId, approvalId, decision }, this.#parts.store, this.#parts.body, this.#log);
      return this.#view(turnId);
    });
  }

  /** Says something to a Codex that is at work on the turn. */
  steerTurn(turnId: string, message: string): Promise<Outcome<TurnView>> {
    return outcomeOf(async () => {
      await steerTurn(this.#row(turnId), message, this.#parts.body);
      return this.#view(turnId);
    });
  }

  /** For someone who was told that status before. Null for an agent that was never used. */
  async sessionState(told: SessionStatus): Promise<AgentState | null> {
    return this.#parts.session.stateFor(told) ?? null;
  }

  /** The state with all that can be told of it. Null for an agent that was never used. */
  async describe(look: LookOptions): Promise<AgentDescription | null> {
    return (await this.#parts.session.describe(look)) ?? null;
  }

  /** Stops an idle agent, or deletes it. */
  retire(request: RetireRequest): Promise<Outcome<Retirement>> {
    return outcomeOf(() => this.#parts.session.retire(request));
  }

  /** The newest first. */
  async listCheckpoints(): Promise<CheckpointInfo[]> {
    return listCheckpoints(this.#parts.store);
  }

  /** Brings files and conversation back to how they were after that turn, or at that checkpoint. */
  rollBack(target: string): Promise<Outcome<Rollback>> {
    return outcomeOf(() => this.#parts.disk.change(() => rollBack(target, this.#parts)));
  }

  workspace(): Workspace {
    return this.#parts.workspace;
  }

  /** Takes back all that was accepted for the session. Returns what that was, each as it was shown. */
  revokeGrants(): Promise<Outcome<string[]>> {
    return outcomeOf(async () => (await this.#parts.body.current()?.client.revokeGrants()) ?? []);
  }

  /** For the model gateway: whose request this is, or null where the secret is not that of the running container. */
  authorizeModelRequest(secret: string): Promise<ModelRequester | null> {
    return modelRequester(this.#parts.store, secret);
  }

  /** Whether a request of the container may go there. What may not is told in the evidence of the turn at work. */
  async judgeEgress(destination: Destination): Promise<EgressVerdict> {
    return this.#parts.egress.judge(destination);
  }

  /** Also called by a schedule: turns that were accepted and lost their isolate go on. */
  resumeTurns(): void {
    if (this.#parts.store.turns.firstOpen() !== undefined) this.ctx.waitUntil(this.#parts.queue.drain());
  }

  /** Called by a schedule. */
  expireResults(): Promise<void> {
    return this.#parts.expiry.run();
  }

  /** Called by a schedule. */
  renewLease(): Promise<void> {
    return this.#parts.lease.renew();
  }

  /** Lets the container sleep where nothing needs it. Returns whether it does. */
  async yieldContainer(): Promise<boolean> {
    if (this.#parts.isBusy() || this.#parts.store.turns.firstOpen() !== undefined) return false;
    if (this.#parts.body.current() !== undefined) await this.onActivityExpired();
    return this.#parts.body.current() === undefined;
  }

  /** The base class would print the raw error. */
  override onError(error: unknown): void {
    this.#log.warn("container error", { error });
  }

  override onStop({ exitCode }: { exitCode: number }): void {
    this.#log.info("container stopped", { exit_code: exitCode });
    if (!this.ctx.container?.running) {
      this.#parts.store.incarnations.endCurrent();
      this.ctx.waitUntil(this.#parts.lease.release());
    }
    this.#parts.session.changed();
  }

  /** An idle container sleeps; one with a turn at work is not idle, however long it is silent. */
  override async onActivityExpired(): Promise<void> {
    if (this.#parts.isBusy()) return;
    const maySleep = await this.#parts.files.beforeSleep();
    if (!maySleep) this.renewActivityTimeout();
    if (!maySleep || this.#parts.isBusy()) return;
    // Before the stop: a turn that comes while the container ends gets a start of its own.
    this.#parts.store.incarnations.endCurrent();
    this.#parts.session.changed();
    await this.stop();
  }

  /** Refused for want of tokens or a lease, nothing is written down; once a turn is accepted, it is the turn that fails. */
  #accept(request: TurnRequest): Promise<TurnRow> {
    const { store, body, lease, assertTokensLeft } = this.#parts;
    // In the order of the calls: the first one waits for the lease.
    const isUp = () => body.current() !== undefined;
    return this.#admission.run(() => admitTurn(store, request, { lease, assertTokensLeft, isUp }));
  }

  #view(turnId: string): TurnView {
    return viewOf(this.#parts.store, this.#row(turnId));
  }

  #row(turnId: string): TurnRow {
    const row = this.#parts.store.turns.find(turnId);
    if (row !== undefined) return row;
    throw new AppError("not_found", "This agent has no such turn. Check turn_id and agent_id.");
  }
}
