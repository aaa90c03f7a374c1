// An approval as an elicitation: the form that a client puts to its user, and what comes back.
// https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation
import { type ElicitRequestFormParams, inputResponse } from "@modelcontextprotocol/server";
import * as z from "zod";
import { ApprovalDecision } from "../../container/protocol.ts";
import { visible } from "../lib/visible.ts";
import type { AskedApproval } from "../tools/envelope.ts";

/** A dialog is no place to read a long diff; the page has all of it. */
const MAX_SHOWN_CHARS = 8_000;

const Content = z.object({ decision: ApprovalDecision });

export function approvalForm(approval: AskedApproval, agentId: string): ElicitRequestFormParams {
  return {
    mode: "form",
    message: [`The Codex of agent ${agentId} asks for approval.`, ...asked(approval)].join("\n\n"),
    requestedSchema: {
      type: "object",
      properties: {
        decision: {
          type: "string",
          title: "Decision",
          description: "decline goes on without it; cancel ends the turn",
          enum: [...ApprovalDecision.options],
        },
      },
      required: ["decision"],
    },
  };
}

/**
 * What the user has decided. Undefined where nobody did: the form was dismissed, or what came back is no answer. A client that
 * declines the form says no to what it asks.
 */
export function readDecision(responses: Record<string, unknown>, key: string): ApprovalDecision | undefined {
  const response = inputResponse(responses, key);
  if (response.kind !== "elicit" || response.action === "cancel") return undefined;
  if (response.action === "decline") return "decline";
  return Content.safeParse(response.content).data?.decision;
}

/** In the words of the model and the repository, which must not pass for ours: set apart, and with nothing invisible in it. */
function asked({ kind, command, cwd, paths, diff, reason, for_session, url }: AskedApproval): string[] {
  const what =
    kind === "command"
      ? [`To run this command in ${inLine(cwd ?? ".")}:`, indented(command ?? "")]
      : [`To change ${inLine((paths ?? []).join(", "))}:`, indented(diff ?? "")];
  return [
    ...what,
    ...(reason === undefined ? [] : [`Codex gives as its reason:\n${indented(reason)}`]),
    ...(for_session === undefined ? [] : [`accept_for_session covers: ${inLine(for_session)}`]),
    `It can also be read and decided at ${url}`,
  ];
}

function indented(text: string): string {
  return shown(text).replace(/^/gm, "    ");
}

/** Names and commands can hold line breaks: what follows one would stand among our own lines. */
function inLine(text: string): string {
  return shown(text).replaceAll("\n", "\\n");
}

function shown(text: string): string {
  const safe = visible(text);
  if (safe.length <= MAX_SHOWN_CHARS) return safe;
  return `${safe.slice(0, MAX_SHOWN_CHARS)}\n… ${safe.length - MAX_SHOWN_CHARS} more characters`;
}
