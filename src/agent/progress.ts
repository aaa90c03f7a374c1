// One readable line per event that is worth telling a person who waits.
import type { TurnEventBody } from "../../container/protocol.ts";

const LINE_CHARS = 300;

export function progressLine(body: TurnEventBody): string | undefined {
  const line = describe(body);
  if (line === undefined) return undefined;
  const flat = line.replace(/\s+/g, " ").trim();
  return flat.length > LINE_CHARS ? `${flat.slice(0, LINE_CHARS - 1)}…` : flat;
}

function describe(body: TurnEventBody): string | undefined {
  switch (body.type) {
    case "started":
      return `Codex ${body.codex_version} works with ${body.model}`;
    case "progress":
      return body.message;
    case "command_started":
      return `Running: ${body.command}`;
    case "command_finished":
      return body.exit_code === 0 ? undefined : `Exit code ${body.exit_code ?? "unknown"}: ${body.command}`;
    case "files_patched":
      return `Patched: ${body.paths.join(", ")}`;
    case "retrying":
      return `The model API did not answer${body.http_status === null ? "" : ` (HTTP ${body.http_status})`}; trying again`;
    case "warning":
      return `Warning: ${body.message}`;
    case "approval_requested":
      return `Waiting for approval: ${body.approval.command ?? body.approval.paths?.join(", ") ?? "a change"}`;
    case "approval_resolved":
      return `Approval ${body.decision === "accept" || body.decision === "accept_for_session" ? "given" : "declined"} (${body.by})`;
    case "message":
    case "workspace":
    case "rollout":
    case "settled":
      return undefined;
  }
}
