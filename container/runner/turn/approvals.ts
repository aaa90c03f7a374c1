// The approvals of one turn: what Codex asks is put to a person, and declined when nobody answers in time. Codex itself
// would wait without end. What is accepted for the session is remembered here, not by Codex, so that it can be taken back.
import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import type { Approval, ApprovalDecision, TurnEventBody } from "../../protocol.ts";
import { CommandApprovalRequest, FileChangeApprovalRequest, type PatchItem } from "../codex/messages.ts";
import { patchDiff } from "../codex/patch-diff.ts";
import { readableCommand } from "../codex/translate.ts";
import { workspacePath } from "../codex/workspace-path.ts";
import type { Jail } from "../jail.ts";
import { realPath } from "../workspace/real-path.ts";
import type { Grant, SessionGrants } from "./session-grants.ts";

export interface ApprovalDeskOptions {
  workspace: string;
  timeoutMs: number;
  grants: SessionGrants;
  /** What is asked for that environment is accepted at once. */
  isHarmless: Jail["isHarmless"];
  emit(body: TurnEventBody): void;
  /** The patch that a file approval is about: Codex has told it before it asks. */
  patchOf(itemId: string): PatchItem | undefined;
  /** Somebody answered `cancel`. */
  onCancel(): void;
}

type Resolution = Extract<TurnEventBody, { type: "approval_resolved" }>;
type CodexDecision = { decision: "accept" | "decline" | "cancel" };

interface Pending {
  /** What an acceptance for the session would cover. */
  grant: Grant;
  timer: NodeJS.Timeout;
  settle(decision: CodexDecision): void;
}

const MAX_DIFF_CHARS = 100_000;
/** Nobody can accept what nobody can read: a longer command is declined. Far above what a command is. */
const MAX_COMMAND_CHARS = 100_000;
const GRANT_CHARS = 2_000;

export class ApprovalDesk {
  readonly #options: ApprovalDeskOptions;
  readonly #pending = new Map<string, Pending>();

  constructor(options: ApprovalDeskOptions) {
    this.#options = options;
  }

  /** Resolves when a person has answered, or the time is over. */
  askForCommand(params: unknown): Promise<CodexDecision> {
    const { command, cwd, reason, environmentId } = CommandApprovalRequest.parse(params);
    if (this.#options.isHarmless(environmentId)) return Promise.resolve({ decision: "accept" });
    const readable = readableCommand(command ?? "");
    if (readable.length > MAX_COMMAND_CHARS) return this.#refuse("A command was declined: it is too long to be shown.");
    const place = this.#place(cwd ?? this.#options.workspace);
    const grant = { key: JSON.stringify(["command", place, command]), text: `command in ${place}: ${readable}` };
    return this.#ask(grant, { kind: "command", command: readable, cwd: place, ...(reason ? { reason } : {}) });
  }

  askForFileChange(params: unknown): Promise<CodexDecision> {
    const { itemId, reason } = FileChangeApprovalRequest.parse(params);
    const changes = this.#options.patchOf(itemId)?.changes ?? [];
    if (changes.length === 0) return this.#refuse("A change was declined: Codex did not tell what it is.");
    const toPath = (path: string): string => this.#place(path);
    const paths = [...new Set(changes.flatMap(writtenPaths).map(toPath))].sort();
    const diff = patchDiff(changes, toPath);
    const grant = { key: JSON.stringify(["change", ...paths]), text: `change of ${paths.join(", ")}` };
    return this.#ask(grant, {
      kind: "file_change",
      paths,
      diff: diff.length > MAX_DIFF_CHARS ? `${diff.slice(0, MAX_DIFF_CHARS)}\n… cut` : diff,
      ...(reason ? { reason } : {}),
    });
  }

  /** Returns false where that approval is not waiting: unknown, or decided before. */
  answer(approvalId: string, decision: ApprovalDecision): boolean {
    const pending = this.#pending.get(approvalId);
    if (pending === undefined) return false;
    if (decision === "accept_for_session") this.#options.grants.add(pending.grant);
    this.#resolve(approvalId, decision, "person");
    if (decision === "cancel") this.#options.onCancel();
    return true;
  }

  /** The turn is over: what still waits is void, and nothing of it is carried out. */
  close(): void {
    for (const approvalId of [...this.#pending.keys()]) this.#resolve(approvalId, "decline", "end");
  }

  #ask(whole: Grant, what: Omit<Approval, "approval_id" | "expires_at" | "for_session">): Promise<CodexDecision> {
    const { timeoutMs, grants, emit } = this.#options;
    const approval_id = `approval_${randomUUID().replaceAll("-", "").slice(0, 20)}`;
    const { text } = whole;
    const grant = { ...whole, text: text.length > GRANT_CHARS ? `${text.slice(0, GRANT_CHARS)}… (cut here)` : text };
    if (grants.has(grant)) {
      emit({ type: "approval_resolved", approval_id, decision: "accept_for_session", by: "session" });
      return Promise.resolve({ decision: "accept" });
    }
    emit({
      type: "approval_requested",
      approval: { approval_id, ...what, for_session: grant.text, expires_at: Date.now() + timeoutMs },
    });
    return new Promise((settle) => {
      const timer = setTimeout(() => this.#resolve(approval_id, "decline", "timeout"), timeoutMs);
      this.#pending.set(approval_id, { grant, timer, settle });
    });
  }

  #refuse(message: string): Promise<CodexDecision> {
    this.#options.emit({ type: "warning", message });
    return Promise.resolve({ decision: "decline" });
  }

  /** Where a path really is: a person would accept something else behind a link of the repository. */
  #place(path: string): string {
    const { workspace } = this.#options;
    return workspacePath(realPath(workspace), realPath(resolve(workspace, path)));
  }

  #resolve(approvalId: string, decision: ApprovalDecision, by: Resolution["by"]): void {
    const pending = this.#pending.get(approvalId);
    if (pending === undefined) return;
    this.#pending.delete(approvalId);
    clearTimeout(pending.timer);
    this.#options.emit({ type: "approval_resolved", approval_id: approvalId, decision, by });
    pending.settle({ decision: decision === "accept_for_session" ? "accept" : decision });
  }
}

function writtenPaths({ path, kind }: PatchItem["changes"][number]): string[] {
  return kind.type === "update" && kind.move_path !== null ? [path, kind.move_path] : [path];
}
