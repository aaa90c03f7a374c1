// The agent's database: the parts of it, and the transactions that span them.
import { migrate } from "../../lib/migrate.ts";
import { evidenceOf } from "../evidence.ts";
import { Activities } from "./activities.ts";
import { Approvals } from "./approvals.ts";
import { Conversations } from "./conversations.ts";
import { Incarnations } from "./incarnations.ts";
import { MIGRATIONS } from "./migrations.ts";
import { type TurnResult, Turns } from "./turns.ts";

export class AgentStore {
  readonly approvals: Approvals;
  readonly turns: Turns;
  readonly conversations: Conversations;
  readonly incarnations: Incarnations;
  readonly activities: Activities;
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage, now: () => number = Date.now) {
    migrate(storage, MIGRATIONS);
    this.#storage = storage;
    this.approvals = new Approvals(storage.sql);
    this.activities = new Activities(storage.sql, now);
    this.turns = new Turns(storage.sql, this.activities, now);
    this.conversations = new Conversations(storage.sql, now);
    this.incarnations = new Incarnations(storage.sql, now);
  }

  /**
   * Ends the turn with what was observed of it, and voids what it still asks: nobody can decide on it any more. Returns
   * false where it had settled before.
   */
  settle(turnId: string, result: Omit<TurnResult, "evidence">): boolean {
    return this.transaction(() => {
      const evidence = evidenceOf(this.turns.events(turnId));
      if (!this.turns.settle(turnId, { ...result, evidence })) return false;
      this.approvals.close(turnId);
      return true;
    });
  }

  /** All of `work` or nothing of it. `work` is synchronous. */
  transaction<T>(work: () => T): T {
    return this.#storage.transactionSync(work);
  }
}
