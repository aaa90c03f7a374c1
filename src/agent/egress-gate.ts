// Decides what of an agent's container may go out: by the turn that is at work, never by what the container says of itself. What is
// refused goes to the evidence of that turn. Requests that come when no turn is at work belong to none, and are refused.
import type { Logger } from "../../container/lib/log.ts";
import type { Access } from "../../container/protocol.ts";
import { AppError } from "../errors.ts";
import { isNamedBy, parsePublicName } from "../lib/host-rules.ts";
import type { Destination, EgressVerdict } from "../runtime/egress-destination.ts";
import type { AgentStore } from "./store/store.ts";

export interface EgressGateOptions {
  store: Pick<AgentStore, "turns" | "denials">;
  /** `EGRESS_ALLOWED_HOSTS`, for turns that may write. */
  rules: readonly string[];
  log: Logger;
  now?(): number;
}

/** A host that is open for one piece of work outside of turns. */
export interface EgressPass {
  /** What was asked for meanwhile and refused, in the order in which it came first. */
  readonly deniedHosts: readonly string[];
}

interface OpenPass {
  host: string;
  until: number;
  deniedHosts: string[];
}

interface TurnAtWork {
  id: string;
  access: Access;
}

const PASS_MS = 600_000;
const MAX_DENIED = 50;

export class EgressGate {
  readonly #options: EgressGateOptions;
  /** In memory only: with the object, the work it is for has ended. */
  readonly #passes = new Set<OpenPass>();
  #turn: TurnAtWork | undefined;

  constructor(options: EgressGateOptions) {
    this.#options = options;
  }

  judge(destination: Destination): EgressVerdict {
    const turn = this.#turnAtWork();
    const reason = destination.problem ?? this.#reasonAgainst(destination.host, turn);
    if (reason === null) return { allowed: true };
    this.#note(destination.name, turn);
    return { allowed: false, reason };
  }

  /**
   * Lets the container reach that one host while `work` goes on, and `maxMs` at most; a turn at work gains nothing by it. It ends with
   * the work, also where that fails or the object dies. Throws `invalid_input` where `host` is no name of a public host.
   */
  async withHost<T>(host: string, work: (pass: EgressPass) => Promise<T>, maxMs = PASS_MS): Promise<T> {
    const name = parsePublicName(host);
    if (name === null) throw new AppError("invalid_input", "The host must be the name of a public host.");
    const pass: OpenPass = { host: name, until: this.#now() + maxMs, deniedHosts: [] };
    this.#passes.add(pass);
    try {
      return await work(pass);
    } finally {
      this.#passes.delete(pass);
    }
  }

  #reasonAgainst(host: string, turn: TurnAtWork | undefined): string | null {
    if (turn === undefined) {
      return this.#openPasses().some((pass) => pass.host === host) ? null : "no turn of this agent is at work";
    }
    if (turn.access === "read") return "the tool at work only reads, and such tools reach no host";
    return isNamedBy(host, this.#options.rules) ? null : "it is not on the list";
  }

  /** A program that asks again and again does not fill the log. */
  #note(name: string, turn: TurnAtWork | undefined): void {
    const { store, log } = this.#options;
    if (turn === undefined) for (const { deniedHosts } of this.#openPasses()) addOnce(deniedHosts, name);
    const isNews = turn !== undefined && store.denials.add(turn.id, name);
    log[isNews ? "info" : "debug"]("egress refused", { host: name, turn_id: turn?.id });
  }

  #openPasses(): OpenPass[] {
    const now = this.#now();
    return [...this.#passes].filter(({ until }) => until > now);
  }

  /** The request of a turn is long, and is read once. */
  #turnAtWork(): TurnAtWork | undefined {
    const { turns } = this.#options.store;
    const row = turns.firstOpen();
    if (row?.status !== "running") return undefined;
    if (this.#turn?.id !== row.id) this.#turn = { id: row.id, access: turns.request(row.id).access };
    return this.#turn;
  }

  #now(): number {
    return this.#options.now?.() ?? Date.now();
  }
}

function addOnce(names: string[], name: string): void {
  if (names.length < MAX_DENIED && !names.includes(name)) names.push(name);
}
