// The Durable Object of one agent: its RPC methods, its timers, and the wiring of the parts that do the work.
import { Container } from "@cloudflare/containers";
import { createLogger, type Logger } from "../../container/lib/log.ts";
import { type ApprovalDecision, RUNNER_PORT } from "../../container/protocol.ts";
import { type Config, readConfig } from "../config.ts";
import { AppError, type Outcome, outcomeOf } from "../errors.ts";
import type { AgentState, SessionStatus } from "../lib/agent-report.ts";
import { withContainer } from "../runtime/with-container.ts";
import { answerApproval } from "./answer-approval.ts";
import { AgentBody } from "./body.ts";
import { cancelTurn } from "./cancel-turn.ts";
import { containerControl } from "./container-control.ts";
import type { AgentDescription, LookOptions } from "./describe.ts";
import { Expiry } from "./expiry.ts";
import { progressLine } from "./progress.ts";
import type { Retirement, RetireRequest } from "./retire.ts";
import { Session } from "./session.ts";
import { AgentStore } from "./store/store.ts";
import type { TurnRow } from "./store/turns.ts";
import { submitTurn } from "./submit-turn.ts";
import { TurnQueue } from "./turn-queue.ts";
import { TurnRunner } from "./turn-runner.ts";
import { type TurnPart, turnText } from "./turn-text.ts";
import { isSettled, type TurnRequest, type TurnView } from "./types.ts";
import { progressOf, viewOf } from "./view.ts";
import { Watchers } from "./watchers.ts";

const CHANGES_STATUS: ReadonlySet<string> = new Set(["started", "approval_requested", "approval_resolved"]);
/** How soon an accepted turn is looked for again where nothing else keeps this object awake. */
const RESUME_AFTER_S = 15;

export class CodexAgent extends Container<Cloudflare.Env> {
  override defaultPort = RUNNER_PORT;
  override enableInternet = false;
  override pingEndpoint = "runner/ping";
  override sleepAfter: number;

  readonly #log: Logger;
  readonly #store: AgentStore;
  readonly #body: AgentBody;
  readonly #queue: TurnQueue;
  readonly #watchers = new Watchers();
  readonly #session: Session;
  readonly #expiry: Expiry;

  constructor(ctx: DurableObjectState<object>, env: Cloudflare.Env) {
    const config = readConfig(env);
    super(withContainer(ctx, config), env);
    this.sleepAfter = config.SESSION_TIMEOUT;
    this.#log = createLogger(console.log, config.LOG_LEVEL, { part: "agent", object: ctx.id.toString().slice(0, 12) });
    this.#store = new AgentStore(ctx.storage);
    this.#body = this.#createBody(config);
    this.#session = this.#createSession();
    this.#expiry = new Expiry(this.#store.turns, config.RESULT_TTL_SECONDS, {
      isPlanned: async () => (await this.listSchedules("expireResults")).length > 0,
      plan: (inSeconds) => this.schedule(inSeconds, "expireResults"),
    });
    const runner = new TurnRunner({
      store: this.#store,
      body: this.#body,
      log: this.#log,
      onEvent: (turnId, { seq, body }) => {
        this.renewActivityTimeout();
        if (CHANGES_STATUS.has(body.type)) this.#session.changed();
        const message = progressLine(body);
        if (body.type === "approval_requested") {
          const { approval_id } = body.approval;
          this.#watchers.publish(turnId, { type: "approval", seq, approval_id });
        }
        if (message !== undefined) this.#watchers.publish(turnId, { type: "progress", seq, message });
      },
    });
    this.#queue = new TurnQueue({
      store: this.#store,
      log: this.#log,
      run: (turnId) => runner.run(turnId),
      onSettled: (turnId) => {
        this.#watchers.finish(turnId, { type: "view", view: this.#view(turnId) });
        this.#session.changed();
      },
    });
    this.resumeTurns();
  }

  /** Takes a turn in; it is durable when this returns, and runs whether anybody waits or not. */
  startTurn(request: TurnRequest): Promise<Outcome<TurnView>> {
    return outcomeOf(async () => {
      this.#session.assertStays();
      const row = submitTurn(this.#store, request);
      this.#session.changed();
      this.ctx.waitUntil(this.#expiry.plan());
      // While the container is up, the Container class keeps an alarm that wakes this object.
      if (this.#body.current() === undefined) await this.schedule(RESUME_AFTER_S, "resumeTurns");
      this.resumeTurns();
      return viewOf(this.#store, row);
    });
  }

  getTurn(turnId: string): Promise<Outcome<TurnView>> {
    return outcomeOf(() => this.#view(turnId));
  }

  /** A part of a turn as text to read. */
  turnText(turnId: string, part: TurnPart): Promise<Outcome<string>> {
    return outcomeOf(() => turnText(this.#store, this.#view(turnId), part));
  }

  /** Ids of the turns accepted last, the newest first. */
  async newestTurns(): Promise<string[]> {
    return this.#store.turns.newest();
  }

  /**
   * Follows a turn: NDJSON of `WatchLine`, progress above number `after` first, the settled view last.
   * Ending the stream ends the watching, never the turn.
   */
  watchTurn(turnId: string, after: number): Promise<Outcome<ReadableStream<Uint8Array>>> {
    return outcomeOf(() => {
      const { status, last_seq } = this.#row(turnId);
      const past = progressOf(this.#store, turnId, after);
      const waiting = this.#store.approvals
        .waiting(turnId)
        .map(({ approval_id }) => ({ type: "approval" as const, seq: last_seq, approval_id }));
      if (!isSettled(status)) return this.#watchers.watch(turnId, [...past, ...waiting]);
      return this.#watchers.replay([...past, { type: "view", view: this.#view(turnId) }]);
    });
  }

  /** Ends a turn; one that has settled stays as it is. Returns the turn as it then stands. */
  cancelTurn(turnId: string): Promise<Outcome<TurnView>> {
    return outcomeOf(async () => {
      const isOpen = !isSettled(this.#row(turnId).status);
      if (isOpen) await cancelTurn(turnId, this.#store, this.#body, this.#log);
      const view = this.#view(turnId);
      if (isSettled(view.status)) this.#watchers.finish(turnId, { type: "view", view });
      this.#session.changed();
      return view;
    });
  }

  /** Decides on something that a turn waits for. Returns the turn as it then stands. */
  answerApproval(turnId: string, approvalId: string, decision: ApprovalDecision): Promise<Outcome<TurnView>> {
    return outcomeOf(async () => {
      this.#row(turnId);
      await answerApproval({ turnId, approvalId, decision }, this.#store, this.#body, this.#log);
      return this.#view(turnId);
    });
  }

  /** Says something to a Codex that is at work on the turn. */
  steerTurn(turnId: string, message: string): Promise<Outcome<TurnView>> {
    return outcomeOf(async () => {
      const { incarnation } = this.#row(turnId);
      const runner = incarnation !== null && this.#body.isCurrent(incarnation) ? this.#body.current() : undefined;
      if ((await runner?.client.steer(turnId, message)) === true) return this.#view(turnId);
      throw new AppError("conflict", "This turn is not at work, so nothing can be said to it. Start another turn.");
    });
  }

  /** For someone who was told that status before. Null for an agent that was never used. */
  async sessionState(told: SessionStatus): Promise<AgentState | null> {
    return this.#session.stateFor(told) ?? null;
  }

  /** The state with all that can be told of it. Null for an agent that was never used. */
  async describe(look: LookOptions): Promise<AgentDescription | null> {
    return (await this.#session.describe(look)) ?? null;
  }

  /** Stops an idle agent, or deletes it. */
  retire(request: RetireRequest): Promise<Outcome<Retirement>> {
    return outcomeOf(async () => {
      return await this.#session.retire(request);
    });
  }

  /** For the model gateway: whose request this is, or null where the secret is not that of the running container. */
  async authorizeModelRequest(secret: string): Promise<{ user_id: string } | null> {
    const identity = this.#store.conversations.identity();
    const isKnown = await this.#store.incarnations.isModelSecret(secret);
    return isKnown && identity !== undefined ? { user_id: identity.user_id } : null;
  }

  /** Also called by a schedule: turns that were accepted and lost their isolate go on. */
  resumeTurns(): void {
    if (this.#store.turns.firstOpen() !== undefined) this.ctx.waitUntil(this.#queue.drain());
  }

  /** Called by a schedule. */
  expireResults(): Promise<void> {
    return this.#expiry.run();
  }

  /** The base class would print the raw error. */
  override onError(error: unknown): void {
    this.#log.warn("container error", { error });
  }

  override onStop({ exitCode }: { exitCode: number }): void {
    this.#log.info("container stopped", { exit_code: exitCode });
    if (!this.ctx.container?.running) this.#store.incarnations.endCurrent();
    this.#session.changed();
  }

  /** An idle container sleeps; one with a turn at work is not idle, however long it is silent. */
  override async onActivityExpired(): Promise<void> {
    if (this.#queue.isBusy) return;
    // Before the stop: a turn that comes while the container ends gets a start of its own.
    this.#store.incarnations.endCurrent();
    this.#session.changed();
    await this.stop();
  }

  #view(turnId: string): TurnView {
    return viewOf(this.#store, this.#row(turnId));
  }

  #row(turnId: string): TurnRow {
    const row = this.#store.turns.find(turnId);
    if (row !== undefined) return row;
    throw new AppError("not_found", "This agent has no such turn. Check turn_id and agent_id.");
  }

  #createSession(): Session {
    return new Session({
      ctx: this.ctx,
      directories: this.env.DIRECTORY,
      store: this.#store,
      body: this.#body,
      log: this.#log,
      sleep: () => this.onActivityExpired(),
      isBusy: () => this.#queue.isBusy,
      deleteSchedules: () => {
        for (const name of ["resumeTurns", "expireResults"]) this.deleteSchedules(name);
      },
    });
  }

  #createBody(config: Config): AgentBody {
    return new AgentBody({
      container: containerControl(this, this.ctx.container),
      incarnations: this.#store.incarnations,
      objectId: this.ctx.id.toString(),
      logLevel: config.LOG_LEVEL,
      log: this.#log,
    });
  }
}
