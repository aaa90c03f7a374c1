// The agent as others see it: how it stands, what its user's directory is told, and its end.
import type { Logger } from "../../container/lib/log.ts";
import { AppError } from "../errors.ts";
import type { AgentState, SessionStatus } from "../lib/agent-report.ts";
import { deleteDisk } from "../runtime/with-container.ts";
import type { AgentBody } from "./body.ts";
import { type AgentDescription, describeAgent, type LookOptions, stateOf } from "./describe.ts";
import { erase } from "./erase.ts";
import { Reporter } from "./reporter.ts";
import { type Retirement, type RetireRequest, retire } from "./retire.ts";
import type { AgentStore } from "./store/store.ts";

export interface SessionOptions {
  ctx: DurableObjectState;
  directories: Cloudflare.Env["DIRECTORY"];
  store: AgentStore;
  body: AgentBody;
  log: Logger;
  /** Lets the container end as an idle one does. */
  sleep(): Promise<void>;
  deleteCheckpoints(): Promise<void>;
  releaseLease(): Promise<void>;
  deleteSchedules(): void;
  /** Whether a turn is being worked on, also one that has just settled, or somebody uses the files. */
  isBusy(): boolean;
  areFilesInUse(): boolean;
}

/** For the answer of an agent that has deleted itself to get out. */
const FAREWELL_MS = 50;

export class Session {
  readonly #options: SessionOptions;
  readonly #reporter: Reporter;
  #isErasing = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { ctx, log } = options;
    this.#reporter = new Reporter({
      read: () => (this.#isErasing ? undefined : this.state()),
      send: async (report) => (await this.#directory()?.report(report)) ?? 0,
      waitUntil: (promise) => ctx.waitUntil(promise),
      log,
    });
  }

  /** Tells the directory, some time soon. */
  changed(): void {
    this.#reporter.changed();
  }

  /** Throws `busy` while the agent is being deleted: what it took in now would be lost. */
  assertStays(): void {
    if (!this.#isErasing) return;
    throw new AppError("busy", "This agent is being deleted. Call again in a few seconds: then it starts anew.");
  }

  /** The state, for someone who was told another one: where that is so, a report was lost, and is made good. */
  stateFor(told: SessionStatus): AgentState | undefined {
    const state = this.state();
    if (state !== undefined && state.status !== told) this.changed();
    return state;
  }

  /** Undefined for an agent that was never used. */
  state(): AgentState | undefined {
    const { store, body, ctx } = this.#options;
    return stateOf(store, body, ctx.id.toString());
  }

  /** Undefined for an agent that was never used. */
  describe(look: LookOptions): Promise<AgentDescription | undefined> {
    const { store, body, ctx } = this.#options;
    return describeAgent(store, body, ctx.id.toString(), look);
  }

  retire(request: RetireRequest): Promise<Retirement> {
    const { store, sleep, isBusy, areFilesInUse } = this.#options;
    const parts = { store, state: () => this.state(), isBusy, areFilesInUse, sleep, erase: () => this.#erase() };
    return retire(parts, request);
  }

  async #erase(): Promise<void> {
    const { ctx, store, body, deleteCheckpoints, releaseLease, deleteSchedules } = this.#options;
    const directory = this.#directory();
    const agentId = store.conversations.identity()?.agent_id ?? "";
    const number = this.#reporter.nextNumber();
    this.#isErasing = true;
    try {
      await erase({
        storage: ctx.storage,
        isUp: ctx.container?.running === true,
        destroy: () => body.destroy(),
        deleteDisk: () => deleteDisk(ctx.container),
        deleteCheckpoints,
        releaseLease,
        deleteSchedules,
      });
    } catch (error) {
      this.#isErasing = false;
      throw error;
    }
    try {
      await directory?.remove(agentId, number);
    } finally {
      // A new instance begins with an empty database; this one has none.
      setTimeout(() => ctx.abort("the agent was deleted"), FAREWELL_MS);
    }
  }

  /** Undefined for an agent that was never used. */
  #directory(): ReturnType<SessionOptions["directories"]["getByName"]> | undefined {
    const { directories, store } = this.#options;
    const identity = store.conversations.identity();
    return identity && directories.getByName(identity.user_id);
  }
}
