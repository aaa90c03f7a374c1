// The agent's database: the parts of it, and the transactions that span them.
import { newId } from "../../lib/ids.ts";
import { migrate } from "../../lib/migrate.ts";
import { evidenceOf } from "../evidence.ts";
import { Activities } from "./activities.ts";
import { Approvals } from "./approvals.ts";
import { Checkpoints } from "./checkpoints.ts";
import { Conversations } from "./conversations.ts";
import { Denials, MAX_DENIED_HOSTS } from "./denials.ts";
import { Incarnations } from "./incarnations.ts";
import { LooseObjects } from "./loose-objects.ts";
import { MIGRATIONS } from "./migrations.ts";
import { type RestorePoint, RestorePoints } from "./restore-points.ts";
import { type TurnResult, Turns } from "./turns.ts";

const MORE_DENIED = `Requests to more than ${MAX_DENIED_HOSTS} hosts were refused; the first ${MAX_DENIED_HOSTS} are in denied_hosts.`;

export class AgentStore {
  readonly approvals: Approvals;
  readonly turns: Turns;
  readonly conversations: Conversations;
  readonly denials: Denials;
  readonly incarnations: Incarnations;
  readonly activities: Activities;
  readonly checkpoints: Checkpoints;
  readonly looseObjects: LooseObjects;
  readonly restorePoints: RestorePoints;
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage, now: () => number = Date.now) {
    migrate(storage, MIGRATIONS);
    this.#storage = storage;
    this.approvals = new Approvals(storage.sql);
    this.activities = new Activities(storage.sql, now);
    this.turns = new Turns(storage.sql, this.activities, now);
    this.conversations = new Conversations(storage.sql, now);
    this.denials = new Denials(storage.sql);
    this.incarnations = new Incarnations(storage.sql, now);
    this.checkpoints = new Checkpoints(storage.sql, now);
    this.looseObjects = new LooseObjects(storage.sql);
    this.restorePoints = new RestorePoints(storage.sql);
  }

  /**
   * Ends the turn with what was observed of it, and voids what it still asks: nobody can decide on it any more. Returns
   * false where it had settled before.
   */
  settle(turnId: string, result: Omit<TurnResult, "evidence">): boolean {
    return this.transaction(() => {
      const evidence = evidenceOf(this.turns.events(turnId));
      evidence.denied_hosts = this.denials.list(turnId);
      evidence.notes = [...evidence.notes, ...this.turns.notes(turnId)];
      if (this.denials.isCut(turnId)) evidence.notes.push(MORE_DENIED);
      if (!this.turns.settle(turnId, { ...result, evidence })) return false;
      this.approvals.close(turnId);
      const conversationId = this.turns.find(turnId)?.conversation_id;
      if (conversationId !== undefined) this.restorePoints.set(turnId, this.pointNow(conversationId));
      return true;
    });
  }

  /** How the files, and that conversation, stand now. */
  pointNow(conversationId: string): RestorePoint {
    const { checkpoint_id, is_behind, import_id } = this.checkpoints.workspace();
    const threadId = this.conversations.find(conversationId)?.thread_id ?? null;
    return {
      checkpoint_id,
      is_saved: !is_behind,
      conversation_id: conversationId,
      current_conversation_id: conversationId,
      thread_id: threadId,
      branch: threadId === null ? 0 : this.conversations.branch(threadId),
      rollout_bytes: threadId === null ? 0 : this.conversations.rolloutBytes(threadId),
      import_id,
    };
  }

  /** The files as they are now were brought in from outside. `checkpointId`: what was made of them, where that succeeded. */
  markImport(checkpointId: string | null): void {
    this.transaction(() => {
      const id = newId("import");
      this.checkpoints.setImport(id);
      const point = this.pointNow(this.conversations.current().id);
      this.restorePoints.set(id, point);
      if (checkpointId !== null) this.restorePoints.set(checkpointId, point);
    });
  }

  /** All of `work` or nothing of it. `work` is synchronous. */
  transaction<T>(work: () => T): T {
    return this.#storage.transactionSync(work);
  }
}
