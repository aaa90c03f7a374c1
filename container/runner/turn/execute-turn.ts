// Carries out one turn: checks, workspace baseline, thread, Codex, one repair of a malformed answer, what really changed,
// and the conversation's new lines. It ends with exactly one `settled` event, whatever happens on the way.
import type { Logger } from "../../lib/log.ts";
import type {
  ApprovalDecision,
  RunnerError,
  TokenUsage,
  TurnEventBody,
  TurnSpec,
  WorkspaceChanges,
} from "../../protocol.ts";
import type { AppServer, CodexConnection } from "../codex/app-server.ts";
import { type Catalogue, chooseModel } from "../codex/catalogue.ts";
import { type CodexOutcome, CodexTurn } from "../codex/codex-turn.ts";
import { quietCommands } from "../codex/quiet-commands.ts";
import { NO_USAGE, sumUsage } from "../codex/usage.ts";
import type { Jail, JailPolicy } from "../jail.ts";
import { checkAnswer, repairPrompt } from "./answer.ts";
import { ApprovalDesk } from "./approvals.ts";
import { endBackgroundCommands } from "./background-commands.ts";
import { messageOf } from "./long-prompt.ts";
import { completed, endedEarly, failed, type Result, unexpected } from "./result.ts";
import type { SessionGrants } from "./session-grants.ts";
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
  workspace: string;
  longPrompts: string;
  grants: SessionGrants;
  observer: ChangeObserver;
  log: Logger;
}

/** The turn that Codex is talking about: it gets the notifications, and its people decide. */
export interface TurnListener {
  onNotification(method: string, params: unknown): void;
  approvals: ApprovalDesk | undefined;
}

export interface NotificationTap {
  connect(listener: TurnListener): void;
}

type Prepared =
  | { ok: true; connection: CodexConnection; thread: OpenThread; model: string }
  | { ok: false; error: RunnerError };

/** How long Codex may take to acknowledge an interrupt before its process is killed. */
const INTERRUPT_GRACE_MS = 5_000;
const ROLLOUT_WAIT_MS = 500;
const NOT_STARTED: CodexOutcome = {
  status: "interrupted",
  codexTurnId: null,
  lastMessage: "",
  error: null,
  usage: NO_USAGE,
  reportedItems: new Set(),
};

export class TurnExecution {
  readonly #spec: TurnSpec;
  readonly #tools: TurnTools;
  readonly #tap: NotificationTap;
  readonly #emit: (body: TurnEventBody) => void;
  readonly #stop: StopSignal;
  #usage: TokenUsage = NO_USAGE;
  #desk: ApprovalDesk | undefined;
  #current: CodexTurn | undefined;

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

  /** Returns false where that approval is not waiting. */
  answer(approvalId: string, decision: ApprovalDecision): boolean {
    return this.#desk?.answer(approvalId, decision) ?? false;
  }

  /** Says something to a Codex that is at work. Resolves to false where it is not. */
  steer(message: string): Promise<boolean> {
    return this.#current?.steer(message) ?? Promise.resolve(false);
  }

  /** Never rejects. */
  async run(): Promise<void> {
    const startedAt = Date.now();
    const result = await this.#attempt().catch((error: unknown) => unexpected(error, this.#tools.log));
    this.#stop.clear();
    const duration_ms = Date.now() - startedAt;
    const { status, error } = result;
    this.#tools.log.info("turn settled", { turn_id: this.#spec.turn_id, status, code: error?.code, duration_ms });
    this.#emit({ type: "settled", ...result, usage: this.#usage, duration_ms });
  }

  async #attempt(): Promise<Result> {
    const { codex, observer, jail } = this.#tools;
    if (codex === undefined) return failed({ code: "codex_missing" });
    const prepared = await Promise.race([this.#prepare(codex.appServer), this.#stop.fired]);
    if (prepared === undefined) {
      // Nothing should take a whole turn's time here: this Codex hangs, and the next turn would hang with it.
      if (this.#stop.reason === "deadline") codex.appServer.kill();
      return endedEarly(NOT_STARTED, this.#stop.reason);
    }
    if (!prepared.ok) return failed(prepared.error);
    const { connection, thread, model } = prepared;
    this.#emit({ type: "started", thread_id: thread.threadId, model, codex_version: codex.version });
    const result = await this.#converse(connection, thread, model);
    // What the turn left running would go on writing, in nobody's evidence and also during turns that may only read.
    if (this.#spec.access === "write") await endBackgroundCommands(connection, thread);
    await jail.afterTurn();
    if (this.#spec.access === "write") this.#emit({ type: "workspace", changes: await observer.changes() });
    return result;
  }

  async #prepare(appServer: AppServer): Promise<Prepared> {
    const { jail, observer, catalogue } = this.#tools;
    if (!(await jail.isUsable())) return { ok: false, error: { code: "sandbox_unavailable" } };
    jail.beforeTurn();
    const connection = await appServer.connectForTurn();
    const choice = chooseModel(await catalogue.list(connection), this.#spec.model, this.#spec.effort);
    if (!choice.ok) return choice;
    if (this.#spec.access === "write") await observer.baseline();
    const thread = await this.#openThread(connection, choice.model);
    return { ok: true, connection, thread, model: choice.model };
  }

  #openThread(connection: CodexConnection, model: string): Promise<OpenThread> {
    const { threads } = this.#tools;
    return threads.open(connection, {
      threadId: this.#spec.thread_id,
      sentBytes: this.#spec.rollout_bytes,
      model,
      policy: this.#policy(),
      instructions: this.#tools.jail.instructions,
    });
  }

  async #converse(connection: CodexConnection, thread: OpenThread, model: string): Promise<Result> {
    const message = await messageOf(this.#spec, this.#tools.longPrompts);
    const first = await this.#say(message, connection, thread, model);
    if (first.status !== "completed") return endedEarly(first, this.#stop.reason);
    const check = checkAnswer(first.lastMessage, this.#spec.output_schema);
    if (first.lastMessage.trim() === "") return failed({ code: "empty_answer" });
    if (check.ok) return completed(first.lastMessage);
    this.#emit({ type: "progress", message: "The answer does not fit its schema; Codex is asked to mend it." });
    const second = await this.#say(repairPrompt(check.problem), connection, thread, model);
    if (second.status !== "completed") return endedEarly(second, this.#stop.reason);
    if (checkAnswer(second.lastMessage, this.#spec.output_schema).ok) return completed(second.lastMessage);
    return failed({ code: "bad_model_output", detail: second.lastMessage.slice(0, 10_000) });
  }

  async #say(text: string, connection: CodexConnection, thread: OpenThread, model: string): Promise<CodexOutcome> {
    if (this.#stop.reason !== undefined) return NOT_STARTED;
    const { workspace } = this.#tools;
    const turn = new CodexTurn({ connection, threadId: thread.threadId, workspace, emit: this.#emit });
    this.#current = turn;
    this.#desk = this.#openDesk(turn);
    this.#tap.connect({
      onNotification: (method, params) => turn.onNotification(method, params),
      approvals: this.#desk,
    });
    const policy = this.#policy();
    const running = turn.run({
      input: [{ type: "text", text, text_elements: [] }],
      model,
      sandboxPolicy: policy.sandboxPolicy,
      approvalPolicy: policy.approvalPolicy,
      environments: policy.environments,
      ...(this.#spec.effort === null ? {} : { effort: this.#spec.effort }),
      ...(this.#spec.output_schema === null ? {} : { outputSchema: this.#spec.output_schema }),
    });
    const outcome = await Promise.race([
      running,
      this.#stop.fired.then(() => this.#halt(turn, connection, thread, running)),
    ]);
    this.#desk?.close();
    this.#current = undefined;
    this.#usage = sumUsage(this.#usage, outcome.usage);
    await this.#sendRollout(thread, outcome);
    return outcome;
  }

  #policy(): JailPolicy {
    return this.#tools.jail.policy(this.#spec.access, this.#spec.approval_mode);
  }

  /** A person is asked only where the turn may write and somebody wants to be asked. */
  #openDesk(turn: CodexTurn): ApprovalDesk | undefined {
    const { access, approval_mode, approval_timeout_ms } = this.#spec;
    if (access === "read" || approval_mode === "auto") return undefined;
    return new ApprovalDesk({
      workspace: this.#tools.workspace,
      timeoutMs: approval_timeout_ms,
      grants: this.#tools.grants,
      isHarmless: (environmentId) => this.#tools.jail.isHarmless(environmentId),
      emit: this.#emit,
      patchOf: (itemId) => turn.patchOf(itemId),
      onCancel: () => this.cancel(),
    });
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
    await endBackgroundCommands(connection, thread);
    return outcome;
  }

  async #sendRollout(thread: OpenThread, outcome: CodexOutcome): Promise<void> {
    const { codexTurnId, status } = outcome;
    const events =
      codexTurnId === null || status === "lost"
        ? await thread.rollout.read()
        : await thread.rollout.readToEndOf(codexTurnId, ROLLOUT_WAIT_MS);
    const lines = events.map(({ text }) => text).join("");
    const quiet = codexTurnId === null ? [] : quietCommands(lines, codexTurnId, outcome.reportedItems);
    for (const event of [...quiet, ...events]) this.#emit(event);
  }
}
