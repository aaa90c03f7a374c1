// Drives one turn to its end: gives it to the runner, stores each event as it comes, follows again after a lost connection,
// and settles it. A turn is given to one container start only: what is unclear afterwards is `interrupted`, never repeated.

import * as z from "zod";
import type { Logger } from "../../container/lib/log.ts";
import type { TurnEvent } from "../../container/protocol.ts";
import { AppError } from "../errors.ts";
import { RunnerRefusal, type TurnEvents } from "../runtime/runner-client.ts";
import type { AgentBody, Runner } from "./body.ts";
import { CONTAINER_LOST, describeFailure } from "./failure-messages.ts";
import type { AgentStore } from "./store/store.ts";
import type { TurnRow } from "./store/turns.ts";
import type { TurnFailure, TurnRequest } from "./types.ts";

export interface TurnRunnerOptions {
  store: AgentStore;
  body: AgentBody;
  log: Logger;
  /** See {@link AgentFiles}. */
  files: {
    prepare(runner: Runner): Promise<string[]>;
    keep(turnId: string, runner: Runner): Promise<void>;
  };
  /** Before a container is started for the turn. Throws `budget_exceeded`. */
  assertTokensLeft(userId: string): Promise<void>;
  /** An event was stored. */
  onEvent(turnId: string, event: TurnEvent): void;
}

/** The runner ends a turn at its deadline; one that is this much later does not answer any more. */
const DEADLINE_GRACE_MS = 30_000;
/** A runner that cannot be reached for so long, while its container counts as running, is not coming back. */
const UNREACHABLE_MS = 120_000;
const RETRY_MS = { first: 50, longest: 5_000 };

export class TurnRunner {
  readonly #options: TurnRunnerOptions;

  constructor(options: TurnRunnerOptions) {
    this.#options = options;
  }

  /** Resolves when the turn has settled. Never rejects. */
  async run(turnId: string): Promise<void> {
    const { store, log } = this.#options;
    const request = store.turns.request(turnId);
    const turnLog = log.with({ turn_id: turnId, correlation_id: request.correlation_id });
    try {
      await this.#drive(turnId, request, turnLog);
    } catch (error) {
      await this.#abandon(turnId, error, turnLog);
    }
    const result = store.turns.result(turnId);
    turnLog.info("turn settled", { status: result?.status, code: result?.error?.code });
  }

  async #drive(turnId: string, request: TurnRequest, log: Logger): Promise<void> {
    const { store, body } = this.#options;
    const row = store.turns.find(turnId);
    if (row === undefined || row.settled_at !== null) return;
    let runner: Runner | undefined;
    if (row.incarnation === null) {
      if (body.current() === undefined) await this.#options.assertTokensLeft(request.user_id);
      runner = await body.ensureRunning();
      store.turns.addNotes(turnId, await this.#options.files.prepare(runner));
      store.turns.dispatch(turnId, runner.incarnation);
    } else if (body.isCurrent(row.incarnation)) {
      runner = body.current();
    }
    if (runner === undefined) return this.#interrupt(turnId);
    await this.#followUntilSettled(turnId, request, runner, log);
  }

  async #followUntilSettled(turnId: string, request: TurnRequest, runner: Runner, log: Logger): Promise<void> {
    const { body } = this.#options;
    let delayMs = RETRY_MS.first;
    let contactAt = Date.now();
    for (;;) {
      const before = this.#row(turnId);
      if (before.settled_at !== null) return;
      if (!body.isCurrent(runner.incarnation)) return this.#interrupt(turnId);
      if (Date.now() > (before.started_at ?? before.created_at) + request.timeout_ms + DEADLINE_GRACE_MS) {
        return await this.#giveUp(turnId, describeFailure({ code: "deadline_exceeded" }), log);
      }
      if (Date.now() > contactAt + UNREACHABLE_MS) return await this.#giveUp(turnId, CONTAINER_LOST, log);
      try {
        await this.#follow(turnId, request, runner);
        contactAt = Date.now();
      } catch (error) {
        if (error instanceof AppError || isFinal(error)) throw error;
        if (isDraining(error)) {
          this.#options.store.turns.takeBack(turnId);
          return await this.#drive(turnId, request, log);
        }
        log.warn("lost the event stream", { error });
      }
      const row = this.#row(turnId);
      if (row.settled_at !== null) return;
      const isMoving = row.last_seq > before.last_seq;
      if (isMoving) contactAt = Date.now();
      delayMs = isMoving ? RETRY_MS.first : Math.min(delayMs * 2, RETRY_MS.longest);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }

  /** Ends with the turn, or when the stream does. */
  async #follow(turnId: string, request: TurnRequest, runner: Runner): Promise<void> {
    const events = await this.#openStream(turnId, request, runner);
    await this.#sendDecisions(turnId, runner);
    for await (const event of events) {
      // The result is given out only once the files that it speaks of are safe.
      if (event.body.type === "settled" && request.access === "write") await this.#options.files.keep(turnId, runner);
      if (!this.#take(turnId, event) || event.body.type === "settled") return;
    }
  }

  /** Decisions that were written down and perhaps never arrived. */
  async #sendDecisions(turnId: string, { client }: Runner): Promise<void> {
    for (const { approval, decision, is_resolved } of this.#options.store.approvals.list(turnId)) {
      if (decision === null || is_resolved) continue;
      await client.answerApproval(turnId, approval.approval_id, decision);
    }
  }

  /** Posting the same turn again joins it, so this is also how a lost stream is taken up. */
  async #openStream(turnId: string, request: TurnRequest, runner: Runner): Promise<TurnEvents> {
    const { store } = this.#options;
    const { conversation_id, last_seq } = this.#row(turnId);
    const threadId = store.conversations.find(conversation_id)?.thread_id ?? null;
    const heldBytes = threadId === null ? 0 : store.conversations.rolloutBytes(threadId);
    const spec = {
      turn_id: turnId,
      thread_id: heldBytes === 0 ? null : threadId,
      rollout_bytes: heldBytes,
      prompt: withNotes(request.prompt, store.turns.notes(turnId)),
      output_schema: request.output_schema,
      access: request.access,
      model: request.model,
      effort: request.effort,
      timeout_ms: request.timeout_ms,
      approval_mode: request.approval_mode,
      approval_timeout_ms: request.approval_timeout_ms,
    };
    try {
      return await runner.client.startTurn(spec, last_seq, request.correlation_id);
    } catch (error) {
      const missing = error instanceof RunnerRefusal && error.failure.code === "rollout_missing";
      if (!missing || threadId === null) throw error;
      await runner.client.putRollout(threadId, this.#rolloutStream(threadId));
      return await runner.client.startTurn(spec, last_seq, request.correlation_id);
    }
  }

  #rolloutStream(threadId: string): ReadableStream<Uint8Array> {
    const pieces = this.#options.store.conversations.rollout(threadId);
    const encoder = new TextEncoder();
    return new ReadableStream({
      pull(controller) {
        const piece = pieces.next();
        if (piece.done === true) controller.close();
        else controller.enqueue(encoder.encode(piece.value));
      },
    });
  }

  /** Stores the event. Returns false where it does not follow the last one: then the stream is opened again. */
  #take(turnId: string, event: TurnEvent): boolean {
    const { store, onEvent } = this.#options;
    const { body, seq } = event;
    const taken = store.transaction(() => {
      if (!store.turns.advance(turnId, seq)) return false;
      const { conversation_id } = this.#row(turnId);
      if (body.type === "rollout") {
        store.conversations.appendRollout(body.thread_id, body.offset, body.bytes, body.text);
      } else if (body.type === "settled") {
        const error = body.error && describeFailure(body.error);
        this.#options.store.settle(turnId, { status: body.status, answer: body.answer, error, usage: body.usage });
      } else {
        if (body.type === "approval_requested") store.approvals.add(turnId, body.approval);
        if (body.type === "approval_resolved") {
          store.approvals.resolve(turnId, body.approval_id, body.decision, body.by);
        }
        if (body.type === "started") store.conversations.setThread(conversation_id, body.thread_id);
        store.turns.addEvent(turnId, event);
      }
      return true;
    });
    if (taken) onEvent(turnId, event);
    return taken;
  }

  /**
   * What was thrown on purpose says what to tell. Anything else ends the container as well: it may still be at work on a
   * turn that nobody follows, or speak another revision of the protocol since a deploy.
   */
  async #abandon(turnId: string, error: unknown, log: Logger): Promise<void> {
    const { store, body } = this.#options;
    if (error instanceof AppError) {
      const { code, message } = error;
      store.settle(turnId, { status: "failed", answer: null, error: { code, message }, usage: null });
      return;
    }
    log.error("turn failed unexpectedly; its container is ended", { error });
    store.settle(turnId, { status: "failed", answer: null, error: describeFailure({ code: "internal" }), usage: null });
    const incarnation = store.turns.find(turnId)?.incarnation ?? null;
    if (incarnation === null || !body.isCurrent(incarnation)) return;
    await body.destroy().catch((cause: unknown) => log.warn("the container could not be ended", { error: cause }));
  }

  #interrupt(turnId: string): void {
    this.#options.store.settle(turnId, { status: "interrupted", answer: null, error: CONTAINER_LOST, usage: null });
  }

  /** For a runner that does not answer any more: its container is ended, so that the next turn gets a fresh one. */
  async #giveUp(turnId: string, error: TurnFailure, log: Logger): Promise<void> {
    log.error("the runner does not answer; its container is destroyed", { code: error.code });
    const status = error === CONTAINER_LOST ? "interrupted" : "failed";
    this.#options.store.settle(turnId, { status, answer: null, error, usage: null });
    await this.#options.body.destroy();
  }

  #row(turnId: string): TurnRow {
    const row = this.#options.store.turns.find(turnId);
    if (row === undefined) throw new AppError("not_found", "The turn was deleted while it ran.");
    return row;
  }
}

/** The model remembers work that its workspace no longer shows, where that was put back to an earlier state. */
function withNotes(prompt: string, notes: readonly string[]): string {
  return notes.length === 0 ? prompt : `[Note of the server on the workspace: ${notes.join(" ")}]\n\n${prompt}`;
}

/** The container is about to end, and has not taken the turn. */
function isDraining(error: unknown): boolean {
  return error instanceof RunnerRefusal && error.failure.code === "draining";
}

/** The runner does not take this turn, or sends what is no event: it would do so again. */
function isFinal(error: unknown): boolean {
  if (error instanceof z.ZodError) return true;
  return error instanceof RunnerRefusal && ["bad_request", "too_large"].includes(error.failure.code);
}
