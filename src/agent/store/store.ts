// The agent's database: the parts of it, and the transactions that span them.
import { Conversations } from "./conversations.ts";
import { Incarnations } from "./incarnations.ts";
import { migrate } from "./migrations.ts";
import { Turns } from "./turns.ts";

export class AgentStore {
  readonly turns: Turns;
  readonly conversations: Conversations;
  readonly incarnations: Incarnations;
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage, now: () => number = Date.now) {
    migrate(storage);
    this.#storage = storage;
    this.turns = new Turns(storage.sql, now);
    this.conversations = new Conversations(storage.sql, now);
    this.incarnations = new Incarnations(storage.sql, now);
  }

  /** All of `work` or nothing of it. `work` is synchronous. */
  transaction<T>(work: () => T): T {
    return this.#storage.transactionSync(work);
  }
}
