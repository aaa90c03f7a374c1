// Turns that ask a person, and the person.
import type { Approval, ApprovalDecision, TurnSpec } from "../../../../container/protocol.ts";
import type { Step } from "../../../support/fake-model/script.ts";
import { bodiesOf, readEvents, type TurnRecord } from "../../../support/turn-record.ts";
import type { Lab, Ongoing } from "./lab.ts";

export function asking(lab: Lab) {
  return {
    begin: (steps: Step[], spec: Partial<TurnSpec> = {}): Promise<Ongoing> =>
      lab.begin([...steps, { say: "done" }], { access: "write", approval_mode: "suggest", ...spec }),

    /** The approval that the turn asks for, as it stands in the event log. */
    asked: async (turn: Ongoing, index = 0): Promise<Approval> => {
      const found: Approval[] = [];
      const response = await lab.runner.request(`/turns/${turn.turnId}/events`);
      for await (const { body } of readEvents(response)) {
        if (body.type === "approval_requested") found.push(body.approval);
        if (found.length > index || body.type === "settled") break;
      }
      const approval = found[index];
      if (approval === undefined) throw new Error("the turn asked for no approval");
      return approval;
    },

    answer: async (turn: Ongoing, approval: Approval, decision: ApprovalDecision): Promise<number> => {
      const path = `/turns/${turn.turnId}/approvals/${approval.approval_id}`;
      return (await lab.runner.request(path, { method: "POST", body: JSON.stringify({ decision }) })).status;
    },
  };
}

export function resolutions(turn: TurnRecord): [string, string][] {
  return bodiesOf(turn, "approval_resolved").map(({ decision, by }) => [decision, by]);
}
