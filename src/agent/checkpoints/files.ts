// The files of an agent over its life: on the disk before a turn, saved after it and before sleep, gone with the agent.
import type { Logger } from "../../../container/lib/log.ts";
import { AppError } from "../../errors.ts";
import type { AgentBody, Runner } from "../body.ts";
import type { AgentStore } from "../store/store.ts";
import type { ArchiveBucket } from "./archive-bucket.ts";
import { restoreDisk } from "./restore.ts";
import { type SaveOutcome, type SaveRequest, saveDisk } from "./save.ts";

export interface AgentFilesOptions {
  store: AgentStore;
  body: AgentBody;
  bucket: ArchiveBucket | undefined;
  /** How many checkpoints to keep. */
  kept: number;
  /** Where not, nothing is saved, and the disk ends with each turn. */
  isPersistent: boolean;
  /** Deletes what outlives the container where it ran. */
  deleteDisk(): Promise<void>;
  log: Logger;
}

/** How often in a row an agent is kept from sleep since its files cannot be saved. */
const MAX_KEPT_AWAKE = 3;

export class AgentFiles {
  readonly #options: AgentFilesOptions;
  /** The start whose disk is as it should be. */
  #readyIncarnation: string | undefined;
  #preparing: { incarnation: string; remarks: Promise<string[]> } | undefined;
  #keptAwake = 0;
  #saves = 0;
  #lastSave: Promise<unknown> = Promise.resolve();

  constructor(options: AgentFilesOptions) {
    this.#options = options;
  }

  get isPersistent(): boolean {
    return this.#options.isPersistent;
  }

  /** Whether something is on its way into the bucket. */
  get isSaving(): boolean {
    return this.#saves > 0;
  }

  /** Resolves when what was on its way into the bucket has arrived, or has failed. */
  async whenSaved(): Promise<void> {
    await this.#lastSave;
  }

  /**
   * Before a turn, and before anybody uses the files: brings back what the disk has lost. Who comes while that goes on waits
   * for the same. Resolves to remarks for people. Throws `storage_unavailable`, and rejects where the runner cannot be reached.
   */
  async prepare(runner: Runner): Promise<string[]> {
    if (!this.#options.isPersistent || this.#isReady(runner)) return [];
    const { incarnation } = runner;
    if (this.#preparing?.incarnation !== incarnation) {
      this.#preparing = { incarnation, remarks: this.#restore(runner) };
    }
    const preparing = this.#preparing;
    return preparing.remarks.finally(() => {
      if (this.#preparing === preparing) this.#preparing = undefined;
    });
  }

  /** After a turn that may have changed something. The turn's notes say what was not saved. Rejects where the container is lost. */
  async keep(turnId: string, runner: Runner): Promise<void> {
    if (!this.#options.isPersistent) return;
    const outcome = await this.save(runner, { reason: "turn", turnId });
    if (outcome.status !== "unchanged") this.#options.store.turns.addNotes(turnId, outcome.notes);
  }

  /** After a turn has settled. Never rejects. */
  async afterTurn(): Promise<void> {
    const { isPersistent, body, deleteDisk, log } = this.#options;
    if (isPersistent) return;
    const ending = body.destroy().then(deleteDisk);
    await ending.catch((error: unknown) => log.error("the container of a turn could not be removed", { error }));
  }

  /** Saves what the last turn could not, and folds many checkpoints into one. Returns whether the container may end. */
  async beforeSleep(): Promise<boolean> {
    const { body, bucket, isPersistent, log } = this.#options;
    const runner = body.current();
    if (runner === undefined || !isPersistent || bucket === undefined) return true;
    const outcome = await this.#saveForSleep(runner).catch((error: unknown) => {
      log.warn("the container cannot be reached before its sleep", { error });
    });
    if (outcome?.status !== "failed" || !outcome.mayRetry || this.#keptAwake >= MAX_KEPT_AWAKE) {
      this.#keptAwake = 0;
      return true;
    }
    this.#keptAwake++;
    log.error("kept awake: the files are not saved", { times: this.#keptAwake });
    return false;
  }

  /** One after the other. Rejects where the runner cannot be reached. */
  save(runner: Runner, request: SaveRequest): Promise<SaveOutcome> {
    this.#saves++;
    const saving = this.#lastSave
      .then(() => saveDisk(this.#options, runner, request))
      .finally(() => {
        this.#saves--;
        void this.sweep();
      });
    this.#lastSave = saving.catch(() => {});
    return saving;
  }

  /** Removes objects that no checkpoint needs, also those of attempts that broke off. Never rejects. */
  async sweep(): Promise<void> {
    const { store, bucket, log } = this.#options;
    if (bucket === undefined || this.isSaving) return;
    for (const { key, upload_id } of store.looseObjects.list()) {
      try {
        await bucket.remove(key, upload_id);
        store.looseObjects.remove(key);
      } catch (error) {
        log.warn("an object stays in the bucket for now", { error, key });
        return;
      }
    }
  }

  /** All that was ever saved. Throws `storage_unavailable`. */
  async removeAll(): Promise<void> {
    const { store, bucket } = this.#options;
    if (bucket === undefined) return;
    // What is on its way would arrive afterwards.
    await this.#lastSave;
    try {
      for (const { key, upload_id } of store.looseObjects.list()) await bucket.remove(key, upload_id);
      await bucket.removeAll();
    } catch (cause) {
      const message = "The agent's checkpoints could not be deleted. Try again in a minute.";
      throw new AppError("storage_unavailable", message, { cause });
    }
  }

  /** Undefined where the disk is not the one that counts: it is to be restored, not saved. */
  async #saveForSleep(runner: Runner): Promise<SaveOutcome | undefined> {
    const { checkpoint_id: head, must_restore } = this.#options.store.checkpoints.workspace();
    const isCurrent =
      this.#isReady(runner) ||
      (!must_restore && (head === null || (await runner.client.heldCheckpoints()).includes(head)));
    return isCurrent ? await this.save(runner, { reason: "sleep", turnId: null }) : undefined;
  }

  async #restore(runner: Runner): Promise<string[]> {
    const remarks = await restoreDisk(this.#options, runner).catch((cause: unknown) => {
      if (cause instanceof AppError) throw cause;
      this.#options.log.error("the workspace could not be restored", { error: cause });
      const message =
        "The agent's files could not be put back on its disk. Try again in a minute; the log has the reason.";
      throw new AppError("container_unavailable", message, { cause });
    });
    this.#readyIncarnation = runner.incarnation;
    return remarks;
  }

  #isReady({ incarnation }: Runner): boolean {
    return this.#readyIncarnation === incarnation && !this.#options.store.checkpoints.workspace().must_restore;
  }
}
