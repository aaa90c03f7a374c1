// What turns wait for a person to decide. The first answer counts, and is written down before it goes to the runner: a
// restart in between sends it again.

import * as z from "zod";
import { Approval, ApprovalDecision } from "../../../container/protocol.ts";

export interface StoredApproval {
  approval: Approval;
  decision: ApprovalDecision | null;
  /**
   * `person`, `timeout`, `session`, or `end` where the turn ended first; null while it waits. `unconfirmed`: a person accepted,
   * and the turn ended before the runner had said so, so that nobody knows whether it was carried out.
   */
  decided_by: string | null;
  /** Whether the runner has confirmed that it is decided. */
  is_resolved: boolean;
}

const Row = z.object({
  body: z.string(),
  decision: ApprovalDecision.nullable(),
  decided_by: z.string().nullable(),
  resolved: z.number(),
});

export class Approvals {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(turnId: string, approval: Approval): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO approvals (turn_id, id, body) VALUES (?, ?, ?)",
      turnId,
      approval.approval_id,
      JSON.stringify(approval),
    );
  }

  /** Of one turn, in the order in which they were asked. */
  list(turnId: string): StoredApproval[] {
    const query = "SELECT body, decision, decided_by, resolved FROM approvals WHERE turn_id = ? ORDER BY position";
    return this.#sql
      .exec(query, turnId)
      .toArray()
      .map((row) => {
        const { body, decision, decided_by, resolved } = Row.parse(row);
        return { approval: Approval.parse(JSON.parse(body)), decision, decided_by, is_resolved: resolved === 1 };
      });
  }

  /** Those that nobody has decided yet. */
  waiting(turnId: string): Approval[] {
    return this.list(turnId).flatMap(({ approval, decision, is_resolved }) =>
      decision === null && !is_resolved ? [approval] : [],
    );
  }

  /** Returns false where it was decided before, or is unknown. */
  decide(turnId: string, approvalId: string, decision: ApprovalDecision): boolean {
    const query =
      "UPDATE approvals SET decision = ?, decided_by = 'person' WHERE turn_id = ? AND id = ? AND decision IS NULL AND resolved = 0";
    return this.#sql.exec(query, decision, turnId, approvalId).rowsWritten > 0;
  }

  /** What the runner says became of it; that is what counts. */
  resolve(turnId: string, approvalId: string, decision: ApprovalDecision, by: string): void {
    const query = "UPDATE approvals SET decision = ?, decided_by = ?, resolved = 1 WHERE turn_id = ? AND id = ?";
    this.#sql.exec(query, decision, by, turnId, approvalId);
  }

  /** The turn is over: nothing of it can be decided any more. */
  close(turnId: string): void {
    this.#sql.exec(
      `UPDATE approvals SET resolved = 1, decision = COALESCE(decision, 'decline'), decided_by = CASE
         WHEN decision IS NULL THEN 'end'
         WHEN decision IN ('accept', 'accept_for_session') THEN 'unconfirmed'
         ELSE decided_by END
       WHERE turn_id = ? AND resolved = 0`,
      turnId,
    );
  }
}
