// One `turn/start` of Codex, from the request to `turn/completed`. What it saw goes out through `emit`.
import type { RunnerError, TokenUsage, TurnEventBody } from "../../protocol.ts";
import type { CodexConnection } from "./app-server.ts";
import { toRunnerError } from "./failures.ts";
import {
  ErrorNotification,
  ItemNotification,
  type PatchItem,
  TokenUsageNotification,
  TurnCompleted,
  TurnStarted,
  WarningNotification,
} from "./messages.ts";
import type { TurnStartParams } from "./protocol/v2/TurnStartParams.ts";
import type { TurnSteerParams } from "./protocol/v2/TurnSteerParams.ts";
import type { UserInput } from "./protocol/v2/UserInput.ts";
import { resetOf } from "./rate-limits.ts";
import { RpcClosedError, RpcError } from "./rpc.ts";
import { itemCompleted, itemStarted, retrying } from "./translate.ts";
import { addUsage, NO_USAGE } from "./usage.ts";

export type CodexOutcome = {
  status: "completed" | "failed" | "interrupted" | "lost";
  codexTurnId: string | null;
  lastMessage: string;
  error: RunnerError | null;
  usage: TokenUsage;
  /** Ids of the commands and patches that Codex reported. */
  reportedItems: ReadonlySet<string>;
};

interface Note {
  method: string;
  params: unknown;
}

export interface CodexTurnOptions {
  connection: CodexConnection;
  threadId: string;
  workspace: string;
  emit(body: TurnEventBody): void;
}

export class CodexTurn {
  readonly #connection: CodexConnection;
  readonly #threadId: string;
  readonly #workspace: string;
  readonly #emit: (body: TurnEventBody) => void;
  readonly #done = Promise.withResolvers<CodexOutcome>();
  readonly #handlers: Readonly<Record<string, (params: unknown) => void>> = {
    "turn/started": (params) => this.#onStarted(params),
    "item/started": (params) => this.#onItem(params, itemStarted),
    "item/completed": (params) => this.#onItem(params, itemCompleted),
    error: (params) => this.#onError(params),
    warning: (params) => this.#onWarning(params),
    "thread/tokenUsage/updated": (params) => this.#onUsage(params),
    "account/rateLimits/updated": (params) => {
      this.#resetsAt = resetOf(params);
    },
    "turn/completed": (params) => this.#onCompleted(params),
  };
  readonly #onLost = (): void => this.#finish("lost", { code: "codex_died" });
  #turnId: string | null = null;
  /** Notifications of the turn can be read before the answer that names it. */
  #early: Note[] = [];
  #lastMessage = "";
  readonly #reportedItems = new Set<string>();
  readonly #patches = new Map<string, PatchItem>();
  /** Codex refuses to interrupt a turn that it has named but not yet begun. */
  #isActive = false;
  #interruptWanted = false;
  #usage = NO_USAGE;
  #resetsAt: number | null = null;

  constructor({ connection, threadId, workspace, emit }: CodexTurnOptions) {
    this.#connection = connection;
    this.#threadId = threadId;
    this.#workspace = workspace;
    this.#emit = emit;
    if (connection.ended.aborted) this.#onLost();
    else connection.ended.addEventListener("abort", this.#onLost);
  }

  /** Resolves when Codex says that the turn is over, refuses to start it, or is gone. Never rejects. */
  async run(params: Omit<TurnStartParams, "threadId">): Promise<CodexOutcome> {
    try {
      const request = { ...params, threadId: this.#threadId } satisfies TurnStartParams;
      const started = TurnStarted.parse(await this.#connection.rpc.request("turn/start", request));
      this.#turnId = started.turn.id;
      for (const note of this.#early.splice(0)) this.#handle(note);
    } catch (error) {
      if (!(error instanceof RpcClosedError)) this.#finish("failed", startFailure(error));
    }
    return this.#done.promise;
  }

  /** Adds a message of the user to the turn, before its next model request. Resolves to false where it is not active. */
  async steer(message: string): Promise<boolean> {
    if (this.#turnId === null) return false;
    const input: UserInput[] = [{ type: "text", text: message, text_elements: [] }];
    const params = { threadId: this.#threadId, expectedTurnId: this.#turnId, input } satisfies TurnSteerParams;
    return this.#connection.rpc.request("turn/steer", params).then(
      () => true,
      () => false,
    );
  }

  /** A patch that Codex has begun; it asks for the approval of one under its item's id. */
  patchOf(itemId: string): PatchItem | undefined {
    return this.#patches.get(itemId);
  }

  onNotification(method: string, params: unknown): void {
    if (this.#turnId === null) this.#early.push({ method, params });
    else this.#handle({ method, params });
  }

  /** Asks Codex to stop, now or as soon as the turn has begun; the outcome then is `interrupted`. */
  async interrupt(): Promise<void> {
    this.#interruptWanted = true;
    if (!this.#isActive) return;
    const params = { threadId: this.#threadId, turnId: this.#turnId };
    await this.#connection.rpc.request("turn/interrupt", params).catch(() => {});
  }

  #handle({ method, params }: Note): void {
    this.#handlers[method]?.(params);
  }

  #onStarted(params: unknown): void {
    const note = TurnStarted.safeParse(params);
    if (!note.success || note.data.turn.id !== this.#turnId) return;
    this.#isActive = true;
    if (this.#interruptWanted) void this.interrupt();
  }

  #onItem(params: unknown, translate: typeof itemStarted): void {
    const note = ItemNotification.safeParse(params);
    if (!note.success || note.data.turnId !== this.#turnId) return;
    const { item } = note.data;
    if (item.type === "agentMessage" && translate === itemCompleted) this.#lastMessage = item.text;
    if (item.type === "commandExecution" || item.type === "fileChange") this.#reportedItems.add(item.id);
    if (item.type === "fileChange") this.#patches.set(item.id, item);
    const event = translate(item, this.#workspace);
    if (event !== undefined) this.#emit(event);
  }

  #onError(params: unknown): void {
    const note = ErrorNotification.safeParse(params);
    if (note.success && note.data.turnId === this.#turnId && note.data.willRetry) this.#emit(retrying(note.data.error));
  }

  #onWarning(params: unknown): void {
    const note = WarningNotification.safeParse(params);
    if (note.success && note.data.threadId === this.#threadId) {
      this.#emit({ type: "warning", message: note.data.message.slice(0, 2_000) });
    }
  }

  #onUsage(params: unknown): void {
    const note = TokenUsageNotification.safeParse(params);
    if (note.success && note.data.turnId === this.#turnId)
      this.#usage = addUsage(this.#usage, note.data.tokenUsage.last);
  }

  #onCompleted(params: unknown): void {
    const note = TurnCompleted.safeParse(params);
    if (!note.success || note.data.turn.id !== this.#turnId) return;
    const { status, error } = note.data.turn;
    if (status === "completed" || status === "interrupted") this.#finish(status, null);
    else this.#finish("failed", withReset(toRunnerError(error), this.#resetsAt));
  }

  #finish(status: CodexOutcome["status"], error: RunnerError | null): void {
    // The process lives on: what stays on its signal would keep every turn in memory.
    this.#connection.ended.removeEventListener("abort", this.#onLost);
    this.#done.resolve({
      status,
      codexTurnId: this.#turnId,
      lastMessage: this.#lastMessage,
      error,
      usage: this.#usage,
      reportedItems: this.#reportedItems,
    });
  }
}

/** A used-up limit tells the time of its reset, in ms. */
function withReset(error: RunnerError, resetsAt: number | null): RunnerError {
  return error.code === "usage_limit" && resetsAt !== null ? { ...error, detail: String(resetsAt) } : error;
}

function startFailure(error: unknown): RunnerError {
  const detail = error instanceof RpcError ? error.message.slice(0, 2_000) : "unexpected answer to turn/start";
  return { code: "codex_failed", detail };
}
