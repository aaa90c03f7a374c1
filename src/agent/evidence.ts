// Sums up what was observed in a turn from its events.
import type { TurnEvent } from "../../container/protocol.ts";
import { cut } from "../lib/cut.ts";
import type { Evidence } from "./types.ts";

const MAX_COMMANDS = 200;
const MAX_COMMAND_CHARS = 2_000;
const MAX_FILES_READ = 200;

export function evidenceOf(events: Iterable<TurnEvent>): Evidence {
  const evidence: Evidence = {
    changed_files: [],
    commands: [],
    files_read: [],
    model: null,
    codex_version: null,
    denied_hosts: [],
    approvals: [],
    notes: [],
  };
  const filesRead = new Set<string>();
  let commands = 0;
  for (const { body } of events) {
    if (body.type === "started") {
      evidence.model = body.model;
      evidence.codex_version = body.codex_version;
    } else if (body.type === "command_finished") {
      for (const file of body.files_read) if (filesRead.size < MAX_FILES_READ) filesRead.add(file);
      if (++commands > MAX_COMMANDS) continue;
      evidence.commands.push({
        command: cut(body.command, MAX_COMMAND_CHARS),
        exit_code: body.exit_code,
        duration_ms: body.duration_ms,
      });
    } else if (body.type === "approval_resolved") {
      evidence.approvals.push({ approval_id: body.approval_id, decision: body.decision, by: body.by });
    } else if (body.type === "workspace") {
      Object.assign(evidence, changesOf(body.changes));
    }
  }
  evidence.files_read = [...filesRead];
  if (commands > MAX_COMMANDS) evidence.total_commands = commands;
  return evidence;
}

type Changes = Extract<TurnEvent["body"], { type: "workspace" }>["changes"];

function changesOf(changes: Changes): Partial<Evidence> {
  const isCut = changes.total_changed > changes.changed_files.length;
  return {
    changed_files: changes.changed_files,
    notes: changes.notes,
    ...(changes.diff === "" ? {} : { diff: changes.diff }),
    ...(changes.diff_truncated ? { diff_truncated: true } : {}),
    ...(isCut ? { total_changed_files: changes.total_changed } : {}),
  };
}
