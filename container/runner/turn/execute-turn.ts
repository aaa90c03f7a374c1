// Carries out one turn: checks, workspace baseline, thread, Codex, one repair of a malformed answer, what really changed,
// and the conversation's new lines. It ends with exactly one `settled` event, whatever happens on the way.

import type { Logger } from "../../lib/log.ts";
import type { RunnerError, TokenUsage, TurnEventBody, TurnSpec, WorkspaceChanges } from "../../protocol.ts";
import type { AppServer, CodexConnection } from "../codex/app-server.ts";
import { type Catalogue, chooseModel } from "../codex/catalogue.ts";
import { type CodexOutcome, CodexTurn } from "../codex/codex-turn.ts";
import { RpcClosedError, RpcError } from "../codex/rpc.ts";
import { NO_USAGE, sumUsage } from "../codex/usage.ts";
import type { Jail } from "../jail.ts";
import { checkAnswer, repairPrompt } from "./answer.ts";
import { StopSignal } from "./stop-signal.ts";
import type { OpenThread, Threads } from "./threads.ts";

/** How the turn compares the workspace before and after; see workspace/observer.ts. */
export interface ChangeObserver {
  baseline(): Promise<void>;
  changes(): Promise<WorkspaceChanges>;
}

export interface TurnTools {
  /** Undefined where no Codex binary is installed. */
  codex: { appServer: AppServer; version: string } | undefined;
  catalogue: Catalogue;
  threads: Threads;
  jail: Jail;
  observer: ChangeObserver;
  log: Logger;
}

/** Where the notifications of Codex go while the turn runs. */
export interface NotificationTap {
  connect(listener: (method: string, params: unknown) => void): void;
}

type Settled = Extract<TurnEventBody, { type: "settled" }>;
type Result = Pick<Settled, "status" | "answer" | "error">;

/** How long Codex may take to acknowledge an interrupt before its process is killed. */
const INTERRUPT_GRACE_MS = 5_000;
const ROLLOUT_WAIT_MS = 500;
const NOT_STARTED: CodexOutcome = {
  status: "interrupted",
  codexTurnId: null,
  lastMessage: "",
  error: null,
  usage: NO_USAGE,
};

export class TurnExecution {
  readonly #spec: TurnSpec;
  readonly #tools: TurnTools;
  readonly #tap: NotificationTap;
  readonly #emit: (body: TurnEventBody) => void;
  readonly #stop: StopSignal;
  #usage: TokenUsage = NO_USAGE;

  constructor(spec: TurnSpec, tools: TurnTools, tap: NotificationTap, emit: (body: TurnEventBody) => void) {
    this.#spec = spec;
    this.#tools = tools;
    this.#tap = tap;
    this.#emit = emit;
    this.#stop = new StopSignal(spec.timeout_ms);
  }

  /** Ends the turn as `cancelled`. A second call and a call after the end do nothing. */
  cancel(): void {
    this.#stop.stop("cancelled");
  }

  /** Never rejects. */
  async run(): Promise<void> {
    const startedAt = Date.now();
    const result = await this.#attempt().catch((error: unknown) => this.#unexpected(error));
    this.#stop.clear();
    this.#emit({ type: "settled", ...result, usage: this.#usage, duration_ms: Date.now() - startedAt });
  }

  async #attempt(): Promise<Result> {
    const { codex, jail, observer } = this.#tools;
    if (codex === undefined) return failed({ code: "codex_missing" });
    const { access } = this.#spec;
    if (!(await jail.isUsable())) return failed({ code: "sandbox_unavailable" });
    const connection = await codex.appServer.connect();
    const models = await this.#tools.catalogue.list(connection);
    const choice = chooseModel(models, this.#spec.model, this.#spec.effort);
    if (!choice.ok) return failed(choice.error);
    if (access === "write") await observer.baseline();
    const thread = await this.#openThread(connection, choice.model);
    this.#emit({ type: "started", thread_id: thread.threadId, model: choice.model, codex_version: codex.version });
    const result = await this.#converse(connection, thread, choice.model);
    if (access === "write") this.#emit({ type: "workspace", changes: await observer.changes() });
    return result;
  }

  #openThread(connection: CodexConnection, model: string): Promise<OpenThread> {
    const { threads, jail } = this.#tools;
    return threads.open(connection, {
      threadId: this.#spec.thread_id,
      sentBytes: this.#spec.rollout_bytes,
      model,
      policy: jail.policy(this.#spec.access),
    });
  }

  async #converse(connection: CodexConnection, thread: OpenThread, model: string): Promise<Result> {
    const first = await this.#say(this.#spec.prompt, connection, thread, model);
    if (first.status !== "completed") return this.#ended(first);
    const check = checkAnswer(first.lastMessage, this.#spec.output_schema);
    if (first.lastMessage.trim() === "") return failed({ code: "empty_answer" });
    if (check.ok) return completed(first.lastMessage);
    this.#emit({ type: "progress", message: "The answer does not fit its schema; Codex is asked to mend it." });
    const second = await this.#say(repairPrompt(check.problem), connection, thread, model);
    if (second.status !== "completed") return this.#ended(second);
    if (checkAnswer(second.lastMessage, this.#spec.output_schema).ok) return completed(second.lastMessage);
    return failed({ code: "bad_model_output", detail: second.lastMessage.slice(0, 10_000) });
  }

  async #say(text: string, connection: CodexConnection, thread: OpenThread, model: string): Promise<CodexOutcome> {
    if (this.#stop.reason !== undefined) return NOT_STARTED;
    const turn = new CodexTurn(connection, thread.threadId, this.#emit);
    this.#tap.connect((method, params) => turn.onNotification(method, params));
    const policy = this.#tools.jail.policy(this.#spec.access);
    const running = turn.run({
      input: [{ type: "text", text, text_elements: [] }],
      model,
      sandboxPolicy: policy.sandboxPolicy,
      approvalPolicy: policy.approvalPolicy,
      ...(this.#spec.effort === null ? {} : { effort: this.#spec.effort }),
      ...(this.#spec.output_schema === null ? {} : { outputSchema: this.#spec.output_schema }),
    });
    const outcome = await Promise.race([
      running,
      this.#stop.fired.then(() => this.#halt(turn, connection, thread, running)),
    ]);
    this.#usage = sumUsage(this.#usage, outcome.usage);
    await this.#sendRollout(thread, outcome);
    return outcome;
  }

  /** Interrupts; a Codex that does not obey is killed, which also ends the turn. What it left running is ended too. */
  async #halt(
    turn: CodexTurn,
    connection: CodexConnection,
    thread: OpenThread,
    running: Promise<CodexOutcome>,
  ): Promise<CodexOutcome> {
    const killer = setTimeout(() => this.#tools.codex?.appServer.kill(), INTERRUPT_GRACE_MS);
    await turn.interrupt();
    const outcome = await running;
    clearTimeout(killer);
    await connection.rpc.request("thread/backgroundTerminals/clean", { threadId: thread.threadId }).catch(() => {});
    return outcome;
  }

  async #sendRollout(thread: OpenThread, outcome: CodexOutcome): Promise<void> {
    const { codexTurnId, status } = outcome;
    const events =
      codexTurnId === null || status === "lost"
        ? await thread.rollout.read()
        : await thread.rollout.readToEndOf(codexTurnId, ROLLOUT_WAIT_MS);
    for (const event of events) this.#emit(event);
  }

  /** A turn that was told to stop ends for that reason, also where it failed or was lost in the same moment. */
  #ended(outcome: CodexOutcome): Result {
    if (this.#stop.reason === "cancelled") {
      return { status: "cancelled", answer: null, error: { code: "cancelled" } };
    }
    if (this.#stop.reason === "deadline") return failed({ code: "deadline_exceeded" });
    if (outcome.status === "failed") return failed(outcome.error ?? { code: "codex_failed" });
    return { status: "interrupted", answer: null, error: outcome.error ?? { code: "codex_died" } };
  }

  #unexpected(error: unknown): Result {
    if (error instanceof RpcClosedError) return { status: "interrupted", answer: null, error: { code: "codex_died" } };
    this.#tools.log.error("turn failed unexpectedly", { error: String(error) });
    if (error instanceof RpcError) return failed({ code: "codex_failed", detail: error.message.slice(0, 2_000) });
    return failed({ code: "internal" });
  }
}

function completed(answer: string): Result {
  return { status: "completed", answer, error: null };
}

function failed(error: RunnerError): Result {
  return { status: "failed", answer: null, error };
}
