// The envelope as short Markdown, for clients that show text.
import { type AskedApproval, type Envelope, isFailure } from "./envelope.ts";

const MAX_CHARS = 6_000;
const MAX_FILES = 20;
const MAX_ASKED_CHARS = 2_000;

export function toMarkdown(tool: string, envelope: Envelope): string {
  const text = describe(tool, envelope);
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS)}\n… cut; structuredContent has it all.`;
}

function describe(tool: string, envelope: Envelope): string {
  if (isFailure(envelope)) {
    return `**${tool} ${envelope.status}** (${envelope.error.code}): ${envelope.error.message}`;
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
  const files = evidence.changed_files.slice(0, MAX_FILES).map(({ action, path }) => item(`${action} ${path}`));
  const commands = evidence.commands.map(({ command, exit_code }) =>
    item(`\`${oneLine(command)}\` → ${exit_code ?? "?"}`),
  );
  return [
    ...Object.entries(result).map(([key, value]) => field(key, value)),
    ...(files.length === 0 ? [] : ["**Changed files**", ...files]),
    ...(commands.length === 0 ? [] : ["**Commands**", ...commands.slice(0, MAX_FILES)]),
    `_${evidence.model ?? "unknown model"}, conversation ${envelope.conversation_id}, turn ${envelope.turn_id}_`,
    ...(envelope.next === undefined ? [] : [envelope.next]),
  ].join("\n");
}

function field(key: string, value: unknown): string {
  const title = `**${key.replaceAll("_", " ")}**`;
  if (typeof value === "string") return `${title}: ${value}`;
  if (!Array.isArray(value)) return `${title}: ${JSON.stringify(value)}`;
  if (value.length === 0) return `${title}: none`;
  return [title, ...value.map((entry) => item(typeof entry === "string" ? entry : JSON.stringify(entry)))].join("\n");
}

/** Fenced: the words of the model. */
function asked({ approval_id, kind, command, cwd, paths, diff, url }: AskedApproval): string {
  const head = kind === "command" ? `run in ${oneLine(cwd ?? ".")}` : `change ${oneLine((paths ?? []).join(", "))}`;
  const whole = command ?? diff ?? "";
  const text =
    whole.length <= MAX_ASKED_CHARS
      ? whole
      : `${whole.slice(0, MAX_ASKED_CHARS)}\n… cut; structuredContent has it all.`;
  const fence = "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  return `**${approval_id}**: to ${head}\n${fence}\n${text}\n${fence}\n${url}`;
}

function item(text: string): string {
  return `- ${text}`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").slice(0, 200);
}
