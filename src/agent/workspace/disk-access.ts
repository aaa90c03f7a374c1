// The rules for those who use an agent's files outside of a turn. To look is allowed at any time, also beside a turn. To change
// something is not, while a turn is at work or waits: a turn can take an hour, longer than any caller waits for an answer, and
// Codex would work on files that change under its hands. What is changed is in a checkpoint before the answer says so. Turns
// that come meanwhile wait.
import type { Logger } from "../../../container/lib/log.ts";
import { AppError } from "../../errors.ts";
import type { FilesClient } from "../../runtime/files-client.ts";
import type { AgentBody, Runner } from "../body.ts";
import type { AgentFiles } from "../checkpoints/files.ts";
import type { SaveOutcome } from "../checkpoints/save.ts";
import type { CheckpointReason } from "../store/checkpoints.ts";
import type { Identity } from "../store/conversations.ts";
import type { AgentStore } from "../store/store.ts";
import type { TurnQueue } from "../turn-queue.ts";
import type { DiskGate } from "./disk-gate.ts";
import { fileFailure } from "./file-failures.ts";

export interface DiskAccessOptions {
  store: AgentStore;
  body: AgentBody;
  files: AgentFiles;
  queue: TurnQueue;
  gate: DiskGate;
  log: Logger;
  /** Throws `busy` while the agent is being deleted. */
  assertStays(): void;
  /** Throws `busy` where too many containers are up. */
  acquireLease(userId: string): Promise<void>;
  /** The agent was used: its container stays up for a while, and its directory is told. */
  used(): void;
}

/** `notes` are for people. */
export interface Looked<T> {
  answer: T;
  notes: string[];
}

export interface Changed<T> extends Looked<T> {
  /** That has the files as they are now; null where they could not be saved, and `notes` say why. */
  checkpoint_id: string | null;
}

export interface Change {
  reason: CheckpointReason;
  /** Whether files may go away that no checkpoint has: then these are saved first. */
  replaces: boolean;
  /** Whether get_diff counts from here on. */
  isImport: boolean;
}

const NOT_KEPT = "This server keeps no files between turns (PERSISTENT_MODE=false)";

export class DiskAccess {
  readonly #options: DiskAccessOptions;

  constructor(options: DiskAccessOptions) {
    this.#options = options;
  }

  /** Throws `not_found` for an agent that was never used: looking starts nothing for it. */
  look<T>(work: (files: FilesClient) => Promise<T>): Promise<Looked<T>> {
    this.#requireAgent();
    return this.#options.gate.look(async () => {
      const { runner, notes } = await this.#diskToLookAt();
      return { answer: await this.#using(work, runner), notes };
    });
  }

  /** As {@link look}, for work that needs the files to stay as they are for as long as it takes. Throws `conflict` beside a turn. */
  hold<T>(work: (files: FilesClient) => Promise<T>): Promise<T> {
    this.#requireAgent();
    this.#requirePersistence();
    this.#requireRest();
    return this.#options.gate.hold(() =>
      this.#alone(async () => {
        const { runner } = await this.#ownDisk();
        return this.#using(work, runner);
      }),
    );
  }

  /** For the agent of that name, which comes into being where there is none. Throws `conflict` beside a turn. */
  changeFiles<T>(caller: Identity, change: Change, work: (files: FilesClient) => Promise<T>): Promise<Changed<T>> {
    this.#requirePersistence();
    return this.change(() => this.#carryOut(caller, change, work));
  }

  /** With the disk, the container and the conversation alone: nobody looks, and turns that come wait. Throws `conflict` beside a turn. */
  async change<T>(work: () => Promise<T>): Promise<T> {
    this.#options.assertStays();
    this.#requireRest();
    return this.#options.gate.change(() => this.#alone(work));
  }

  /** To be called by one at a time: the gate sees to that. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const { queue } = this.#options;
    for (;;) {
      this.#requireRest();
      const working = queue.alone(work);
      if (working !== undefined) return working;
      // A turn has settled, and is not put away yet.
      await queue.drain();
    }
  }

  async #carryOut<T>(caller: Identity, change: Change, work: (files: FilesClient) => Promise<T>): Promise<Changed<T>> {
    const { store, body, files, acquireLease } = this.#options;
    // Refused for want of a lease, nothing is written down.
    if (body.current() === undefined) await acquireLease(caller.user_id);
    store.conversations.introduce(caller);
    await files.whenSaved();
    const { runner, notes } = await this.#ownDisk();
    if (change.replaces) notes.push(...(await this.#savePresent(runner)));
    // Until it is saved: this object, too, can end at any time.
    store.checkpoints.setWorkspace({ ...store.checkpoints.workspace(), is_behind: true });
    try {
      const answer = await this.#using(work, runner);
      const saved = await this.#save(runner, change.reason);
      if (change.isImport) store.markImport(saved.status === "saved" ? saved.checkpointId : null);
      return { answer, notes: [...notes, ...notesOf(saved)], checkpoint_id: this.#checkpointOf(saved) };
    } catch (error) {
      // Mostly nothing has changed: then this only finds that out.
      await this.#save(runner, change.reason).catch(() => {});
      throw error;
    }
  }

  /** What is about to be replaced, so that a rollback brings it back. */
  async #savePresent(runner: Runner): Promise<string[]> {
    const saved = await this.#save(runner, "before_change");
    if (saved.status === "failed" && saved.mayRetry) {
      const message = "The present files could not be saved, so nothing was changed. Try again in a minute.";
      throw new AppError("storage_unavailable", message);
    }
    return notesOf(saved);
  }

  async #save(runner: Runner, reason: CheckpointReason): Promise<SaveOutcome> {
    const { files, log } = this.#options;
    return await files.save(runner, { reason, turnId: null }).catch((error: unknown) => {
      log.error("the container was lost before its files were saved", { error });
      throw fileFailure(error);
    });
  }

  #checkpointOf(saved: SaveOutcome): string | null {
    if (saved.status === "saved") return saved.checkpointId;
    return saved.status === "unchanged" ? this.#options.store.checkpoints.workspace().checkpoint_id : null;
  }

  /** That of a turn at work is as it should be, and its container must not be started anew. */
  async #diskToLookAt(): Promise<{ runner: Runner; notes: string[] }> {
    const { store, body, files } = this.#options;
    const incarnation = store.turns.firstOpen()?.incarnation ?? null;
    if (incarnation === null && files.isPersistent) return this.#ownDisk();
    const runner = body.current();
    if (runner !== undefined && runner.incarnation === incarnation) return { runner, notes: [] };
    this.#requirePersistence();
    throw new AppError("container_unavailable", "The container of the turn at work was lost. Try again in a minute.");
  }

  async #ownDisk(): Promise<{ runner: Runner; notes: string[] }> {
    const { body, files } = this.#options;
    const runner = await body.ensureRunning();
    return { runner, notes: [...(await files.prepare(runner))] };
  }

  async #using<T>(work: (files: FilesClient) => Promise<T>, { client }: Runner): Promise<T> {
    this.#options.used();
    try {
      return await work(client.files);
    } catch (error) {
      throw fileFailure(error);
    } finally {
      this.#options.used();
    }
  }

  #requireAgent(): void {
    this.#options.assertStays();
    if (this.#options.store.conversations.identity() !== undefined) return;
    const message =
      "You have no such agent. It comes into being with its first turn, or with files that are sent to it.";
    throw new AppError("not_found", message);
  }

  #requirePersistence(): void {
    if (this.#options.files.isPersistent) return;
    throw new AppError("conflict", `${NOT_KEPT}: there are some to look at only while a turn is at work.`);
  }

  #requireRest(): void {
    if (this.#options.store.turns.firstOpen() === undefined) return;
    const message =
      "A turn of this agent is at work or waits. Nothing was done. Cancel it with cancel_turn, or wait for its end with get_turn.";
    throw new AppError("conflict", message);
  }
}

function notesOf(saved: SaveOutcome): string[] {
  return saved.status === "unchanged" ? [] : saved.notes;
}
