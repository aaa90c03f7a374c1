// One turn of a plan as its clients live it: sent until it is accepted, followed by several until it has settled.
import { setTimeout as sleep } from "node:timers/promises";
import { script } from "../support/fake-model/script.ts";
import { type Answer, CallLost, callTool, type Server } from "./client.ts";
import type { Transport, TurnPlan } from "./plan.ts";

/** One connection of one of those who follow the turn. */
export interface Attachment {
  by: Transport;
  progress: { number: number; message: string }[];
  /** What it ended with; undefined where the connection broke. */
  answer: Answer | undefined;
}

const RETRY_MS = 150;
const WAIT_S = 10;
const OPEN = ["running", "awaiting_approval"];

export class TurnRun {
  readonly plan: TurnPlan;
  readonly attachments: Attachment[] = [];
  /** Everything that was answered with a failure and no turn. */
  readonly refusals: Answer[] = [];
  /** All ids that were answered to the same request. */
  readonly ids = new Set<string>();
  /** Answers that no client would understand. */
  readonly oddities: string[] = [];
  isCancelled = false;
  readonly #server: Server;
  readonly #deadline: number;
  #leaving = new AbortController();

  constructor(plan: TurnPlan, server: Server, deadline: number) {
    this.plan = plan;
    this.#server = server;
    this.#deadline = deadline;
  }

  get turnId(): string | undefined {
    return [...this.ids][0];
  }

  /** Resolves when it is accepted, or refused for good, or its time is over. */
  async submit(): Promise<void> {
    const { copies } = this.plan;
    while (this.turnId === undefined && Date.now() < this.#deadline) {
      const answers = await Promise.all(Array.from({ length: copies }, () => this.#send()));
      if (answers.some((answer) => answer?.error?.retryable === false)) return;
      if (this.turnId === undefined) await sleep(RETRY_MS);
    }
  }

  /** Resolves when all who follow it have seen its end, or its time is over. */
  async follow(): Promise<void> {
    await Promise.all(this.plan.watchers.map((by) => this.#watch(by)));
  }

  /** Those who follow it lose their connections, and come back. */
  leave(): void {
    this.#leaving.abort();
    this.#leaving = new AbortController();
  }

  async cancel(): Promise<void> {
    this.isCancelled = true;
    while (Date.now() < this.#deadline) {
      const parameters = { turn_id: this.turnId, agent_id: this.plan.agent };
      const answer = await this.#call("rest", "cancel_turn", parameters);
      if (answer !== undefined && answer.turn_id !== null && !OPEN.includes(answer.status ?? "")) return;
      await sleep(RETRY_MS);
    }
  }

  /** The same request once more, as of a client that never heard of the answer. */
  async repeat(): Promise<void> {
    if (this.turnId !== undefined) await this.#send();
  }

  /** As the server tells it now. */
  async view(): Promise<Answer | undefined> {
    return this.#call("rest", "get_turn", { turn_id: this.turnId, agent_id: this.plan.agent, wait_seconds: 0 });
  }

  /** All that is kept of its course. */
  async log(): Promise<string[]> {
    const parameters = { turn_id: this.turnId, agent_id: this.plan.agent, part: "log" };
    const answer = await this.#call("rest", "read_turn", parameters);
    return typeof answer?.text === "string" ? answer.text.split("\n") : [];
  }

  async #send(): Promise<Answer | undefined> {
    const { tag, agent, kind, steps, by } = this.plan;
    const prompt = `Do the work (#${tag}). ${script(...steps)}`;
    const own = kind === "write" ? { task: prompt, target_files: [] } : { message: prompt };
    const parameters = { ...own, agent_id: agent, request_id: tag, wait_seconds: 0 };
    const answer = await this.#call(by, kind === "write" ? "implement" : "chat", parameters);
    if (typeof answer?.turn_id === "string") this.ids.add(answer.turn_id);
    else if (answer !== undefined) this.refusals.push(answer);
    return answer;
  }

  async #watch(by: Transport): Promise<void> {
    while (this.turnId !== undefined && Date.now() < this.#deadline) {
      const attachment: Attachment = { by, progress: [], answer: undefined };
      this.attachments.push(attachment);
      const parameters = { turn_id: this.turnId, agent_id: this.plan.agent, wait_seconds: WAIT_S };
      attachment.answer = await this.#call(by, "get_turn", parameters, (number, message) =>
        attachment.progress.push({ number, message }),
      );
      const { status, turn_id } = attachment.answer ?? {};
      if (status !== undefined && typeof turn_id === "string" && !OPEN.includes(status)) return;
      await sleep(RETRY_MS);
    }
  }

  /** Undefined where the connection broke. */
  async #call(
    by: Transport,
    name: string,
    parameters: Record<string, unknown>,
    onProgress?: (number: number, message: string) => void,
  ): Promise<Answer | undefined> {
    const signal = AbortSignal.any([this.#leaving.signal, AbortSignal.timeout(2 * WAIT_S * 1_000)]);
    const call = { by, name, parameters, signal, ...(onProgress && { onProgress }) };
    try {
      return await callTool(this.#server, call);
    } catch (error) {
      if (!isLost(error)) this.oddities.push(`${name} by ${by}: ${String(error)}`);
      return undefined;
    }
  }
}

/** The connection broke, or was given up. */
function isLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof CallLost || ["AbortError", "TimeoutError"].includes(error.name) || error instanceof TypeError;
}
