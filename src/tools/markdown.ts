// The envelope as short Markdown, for clients that show text.

import type { DecidedApproval } from "../agent/types.ts";
import { visible } from "../lib/visible.ts";
import { type AskedApproval, type Envelope, isFailure } from "./envelope.ts";
import { codeSpan, fenced } from "./fence.ts";

const MAX_CHARS = 6_000;
const MAX_FILES = 20;
const MAX_ASKED_CHARS = 2_000;
const MAX_PATH_CHARS = 4_096;

export function toMarkdown(tool: string, envelope: Envelope): string {
  const text = describe(tool, envelope);
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS)}\n… cut; structuredContent has it all.`;
}

function describe(tool: string, envelope: Envelope): string {
  if (isFailure(envelope)) {
    const head = `**${tool} ${envelope.status}** (${envelope.error.code}): ${envelope.error.message}`;
    return [head, ...(envelope.approvals ?? []).map(decided)].join("\n");
  }
  if (envelope.status !== "completed") {
    const what = envelope.status === "running" ? "is at work" : "waits for an approval";
    return [
      `**${tool} ${what}** (turn ${envelope.turn_id})`,
      ...envelope.progress.map(item),
      ...(envelope.approvals ?? []).map(asked),
      envelope.next,
    ].join("\n");
  }
  const { evidence, result } = envelope;
  const files = evidence.changed_files
    .slice(0, MAX_FILES)
    .map(({ action, path }) => item(`${action} ${oneLine(path, MAX_PATH_CHARS)}`));
  const commands = evidence.commands.map(({ command, exit_code }) =>
    item(`${codeSpan(oneLine(command))} → ${exit_code ?? "?"}`),
  );
  return [
    ...Object.entries(result).map(([key, value]) => field(key, value)),
    ...(files.length === 0 ? [] : ["**Changed files**", ...files]),
    ...(commands.length === 0 ? [] : ["**Commands**", ...commands.slice(0, MAX_FILES)]),
    ...(evidence.denied_hosts.length === 0 ? [] : [denied(evidence.denied_hosts)]),
    `_${evidence.model ?? "unknown model"}, conversation ${envelope.conversation_id}, turn ${envelope.turn_id}_`,
    ...(envelope.next === undefined ? [] : [envelope.next]),
  ].join("\n");
}

/** Names that the model's commands have chosen. */
function denied(hosts: readonly string[]): string {
  const shown = hosts.slice(0, MAX_FILES).map((host) => codeSpan(oneLine(host)));
  const more = hosts.length > shown.length ? ", …" : "";
  return `**Refused hosts** (EGRESS_ALLOWED_HOSTS): ${shown.join(", ")}${more}`;
}

function field(key: string, value: unknown): string {
  const title = `**${key.replaceAll("_", " ")}**`;
  if (typeof value === "string") return `${title}: ${value}`;
  if (!Array.isArray(value)) return `${title}: ${JSON.stringify(value)}`;
  if (value.length === 0) return `${title}: none`;
  return [title, ...value.map((entry) => item(typeof entry === "string" ? entry : JSON.stringify(entry)))].join("\n");
}

function decided({ approval_id, decision, by }: DecidedApproval): string {
  return item(`${approval_id}: ${by === "end" ? "void, not carried out" : `${decision} (${by})`}`);
}

/** Fenced: the words of the model. */
function asked({ approval_id, kind, command, cwd, paths, diff, url }: AskedApproval): string {
  const head = kind === "command" ? `run in ${oneLine(cwd ?? ".")}` : `change ${oneLine((paths ?? []).join(", "))}`;
  const whole = visible(command ?? diff ?? "");
  const text =
    whole.length <= MAX_ASKED_CHARS
      ? whole
      : `${whole.slice(0, MAX_ASKED_CHARS)}\n… cut; structuredContent has it all.`;
  return `**${approval_id}**: to ${head}\n${fenced(text)}\n${url}`;
}

function item(text: string): string {
  return `- ${text}`;
}

/** Names of files and commands: what follows a line break in one would pass for an entry of its own. */
export function oneLine(text: string, maxChars = 200): string {
  return visible(text.replace(/\s+/g, " ")).slice(0, maxChars);
}
