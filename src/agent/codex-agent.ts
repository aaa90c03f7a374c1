// The Durable Object of one agent: its RPC methods, its timers, and the wiring of the parts that do the work.
import { Container } from "@cloudflare/containers";
import { createLogger, type Logger } from "../../container/lib/log.ts";
import { RUNNER_PORT } from "../../container/protocol.ts";
import { type Config, readConfig } from "../config.ts";
import { AppError, type Outcome, ok, toOutcome } from "../errors.ts";
import { withContainer } from "../runtime/with-container.ts";
import { AgentBody } from "./body.ts";
import { cancelTurn } from "./cancel-turn.ts";
import { progressLine } from "./progress.ts";
import { AgentStore } from "./store/store.ts";
import type { TurnRow } from "./store/turns.ts";
import { submitTurn } from "./submit-turn.ts";
import { TurnQueue } from "./turn-queue.ts";
import { TurnRunner } from "./turn-runner.ts";
import { isSettled, type TurnRequest, type TurnView } from "./types.ts";
import { progressOf, viewOf } from "./view.ts";
import { Watchers } from "./watchers.ts";

/** How soon an accepted turn is looked for again where nothing else keeps this object awake. */
const RESUME_AFTER_S = 15;
/** Between looks at a container that has been started and does not listen yet. */
const START_POLL_MS = 50;
const START_TIMEOUT_MS = 60_000;

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

  constructor(ctx: DurableObjectState<object>, env: Cloudflare.Env) {
    const config = readConfig(env);
    super(withContainer(ctx, config), env);
    this.sleepAfter = config.SESSION_TIMEOUT;
    this.#log = createLogger(console.log, config.LOG_LEVEL, { part: "agent", object: ctx.id.toString().slice(0, 12) });
    this.#store = new AgentStore(ctx.storage);
    this.#body = this.#createBody(config);
    const runner = new TurnRunner({
      store: this.#store,
      body: this.#body,
      log: this.#log,
      onEvent: (turnId, { seq, body }) => {
        this.renewActivityTimeout();
        const message = progressLine(body);
        if (message !== undefined) this.#watchers.publish(turnId, { type: "progress", seq, message });
      },
    });
    this.#queue = new TurnQueue({
      store: this.#store,
      log: this.#log,
      run: (turnId) => runner.run(turnId),
      onSettled: (turnId) => this.#watchers.finish(turnId, { type: "view", view: this.#view(turnId) }),
    });
    this.resumeTurns();
  }

  /** Takes a turn in; it is durable when this returns, and runs whether anybody waits or not. */
  async startTurn(request: TurnRequest): Promise<Outcome<TurnView>> {
    try {
      const row = submitTurn(this.#store, request);
      // While the container is up, the Container class keeps an alarm that wakes this object.
      if (this.#body.current() === undefined) await this.schedule(RESUME_AFTER_S, "resumeTurns");
      this.resumeTurns();
      return ok(viewOf(this.#store, row));
    } catch (error) {
      return toOutcome(error);
    }
  }

  async getTurn(turnId: string): Promise<Outcome<TurnView>> {
    try {
      return ok(this.#view(turnId));
    } catch (error) {
      return toOutcome(error);
    }
  }

  /**
   * Follows a turn: NDJSON of `WatchLine`, progress above number `after` first, the settled view last.
   * Ending the stream ends the watching, never the turn.
   */
  async watchTurn(turnId: string, after: number): Promise<Outcome<ReadableStream<Uint8Array>>> {
    try {
      const { status } = this.#row(turnId);
      const past = progressOf(this.#store, turnId, after);
      if (!isSettled(status)) return ok(this.#watchers.watch(turnId, past));
      return ok(this.#watchers.replay([...past, { type: "view", view: this.#view(turnId) }]));
    } catch (error) {
      return toOutcome(error);
    }
  }

  /** Ends a turn; one that has settled stays as it is. Returns the turn as it then stands. */
  async cancelTurn(turnId: string): Promise<Outcome<TurnView>> {
    try {
      const isOpen = !isSettled(this.#row(turnId).status);
      if (isOpen) await cancelTurn(turnId, this.#store, this.#body, this.#log);
      const view = this.#view(turnId);
      if (isSettled(view.status)) this.#watchers.finish(turnId, { type: "view", view });
      return ok(view);
    } catch (error) {
      return toOutcome(error);
    }
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

  override onStop({ exitCode }: { exitCode: number }): void {
    this.#log.info("container stopped", { exit_code: exitCode });
    if (!this.ctx.container?.running) this.#store.incarnations.endCurrent();
  }

  /** An idle container sleeps; one with a turn at work is not idle, however long it is silent. */
  override async onActivityExpired(): Promise<void> {
    if (!this.#queue.isBusy) await this.stop();
  }

  #view(turnId: string): TurnView {
    return viewOf(this.#store, this.#row(turnId));
  }

  #row(turnId: string): TurnRow {
    const row = this.#store.turns.find(turnId);
    if (row !== undefined) return row;
    throw new AppError("not_found", "This agent has no such turn. Check turn_id and agent_id.");
  }

  #createBody(config: Config): AgentBody {
    const isRunning = (): boolean => this.ctx.container?.running === true;
    return new AgentBody({
      container: {
        get isRunning() {
          return isRunning();
        },
        start: (envVars) =>
          this.startAndWaitForPorts({
            ports: RUNNER_PORT,
            startOptions: { envVars, enableInternet: false },
            cancellationOptions: { waitInterval: START_POLL_MS, portReadyTimeoutMS: START_TIMEOUT_MS },
          }),
        fetch: (path, init) => {
          if (this.ctx.container === undefined) throw new AppError("container_unavailable", "There is no container.");
          return this.ctx.container.getTcpPort(RUNNER_PORT).fetch(`http://runner${path}`, init);
        },
        destroy: () => this.destroy(),
      },
      incarnations: this.#store.incarnations,
      objectId: this.ctx.id.toString(),
      logLevel: config.LOG_LEVEL,
      log: this.#log,
    });
  }
}
