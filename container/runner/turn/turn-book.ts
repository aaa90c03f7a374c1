// The turns this runner knows: at most one at work, the last ones kept for replay. Posting a turn twice joins the first.
import type { TurnEventBody, TurnSpec } from "../../protocol.ts";
import { EventLog } from "./event-log.ts";
import { type NotificationTap, TurnExecution, type TurnTools } from "./execute-turn.ts";

export interface KnownTurn {
  log: EventLog;
  execution: TurnExecution;
}

export type StartOutcome = { ok: true; turn: KnownTurn } | { ok: false; activeTurnId: string };

/** The caller stores events as they come, so only a caller that lost its connection lately asks for old ones. */
const KEPT_TURNS = 4;

export class TurnBook {
  readonly #turns = new Map<string, KnownTurn>();
  readonly #tools: TurnTools;
  readonly #tap: NotificationTap;
  #activeId: string | null = null;
  #idle: Promise<void> = Promise.resolve();
  #isEnding = false;

  constructor(tools: TurnTools, tap: NotificationTap) {
    this.#tools = tools;
    this.#tap = tap;
  }

  get activeTurnId(): string | null {
    return this.#activeId;
  }

  /** Resolves when the turn that is at work has settled. */
  get idle(): Promise<void> {
    return this.#idle;
  }

  /** What is interrupted from now on is so because the container ends, and not for a fault of Codex. */
  containerEnds(): void {
    this.#isEnding = true;
  }

  find(turnId: string): KnownTurn | undefined {
    return this.#turns.get(turnId);
  }

  start(spec: TurnSpec): StartOutcome {
    const known = this.#turns.get(spec.turn_id);
    if (known !== undefined) return { ok: true, turn: known };
    if (this.#activeId !== null) return { ok: false, activeTurnId: this.#activeId };
    const log = new EventLog();
    const execution = new TurnExecution(spec, this.#tools, this.#tap, (body) => log.append(this.#explained(body)));
    const turn = { log, execution };
    this.#turns.set(spec.turn_id, turn);
    this.#activeId = spec.turn_id;
    this.#idle = execution.run().finally(() => {
      this.#activeId = null;
      this.#forgetOldest();
    });
    return { ok: true, turn };
  }

  #explained(body: TurnEventBody): TurnEventBody {
    const isLost = this.#isEnding && body.type === "settled" && body.status === "interrupted";
    return isLost ? { ...body, error: { code: "container_lost" } } : body;
  }

  #forgetOldest(): void {
    for (const id of this.#turns.keys()) {
      if (this.#turns.size <= KEPT_TURNS) return;
      this.#turns.delete(id);
    }
  }
}
