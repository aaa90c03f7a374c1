// What the fake model does is written in the prompt itself, so that parallel tests in any process need no coordination.
// This file owns that block: its type, how it is written and how it is found again inside a bigger prompt.

export type RunStep = { run: string; yieldMs?: number; escalate?: string };
export type PatchStep = { patch: string };
export type ToolStep = RunStep | PatchStep;
export type Failure = { status: number; body?: unknown; headers?: Record<string, string>; times?: number };

/** One key names the kind. `times`: only the first n attempts; without it always. */
export type Step =
  /** A tool call; the next step is done once its output has come back. `calls` makes several in one response. */
  | ToolStep
  | { calls: ToolStep[] }
  /** A final message; nothing after it is done. `""` is a response without any message. */
  | { say: string }
  /** A final message: an instance of the turn's output schema, with the given parts in it. */
  | { answer: unknown }
  /** Silence inside the stream, after `response.created`. */
  | { stallMs: number }
  /** Silence before the headers. */
  | { delayMs: number }
  /** An HTTP error; only as the first thing of a response. */
  | { fail: Failure }
  /** Some text, then the connection drops. */
  | { cut: { times?: number } }
  /** This event as it is, then the end of the stream without `response.completed`. */
  | { event: { type: string; [field: string]: unknown } }
  /** A reasoning item with this summary, or so many of them; the next step goes on in the same response. */
  | { reasoning: string; count?: number };

type Block = { steps: Step[]; start: number; end: number };

const marker = "[[model:";
const kinds = ["run", "patch", "calls", "say", "answer", "stallMs", "delayMs", "fail", "cut", "event", "reasoning"];

export class ScriptError extends Error {}

/** The block to put into a prompt. It holds no `<`, `>` or `&`, so code that escapes or strips tags leaves it whole. */
export function script(...steps: Step[]): string {
  const json = JSON.stringify({ steps }).replace(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
  return `${marker} ${json} ]]`;
}

/** The steps of the last block in a prompt; undefined without one. Throws ScriptError if the block cannot be read. */
export function readScript(prompt: string): Step[] | undefined {
  return findBlock(prompt)?.steps;
}

/** The prompt as a person would have written it. */
export function withoutScript(prompt: string): string {
  const block = findBlock(prompt);
  return block ? `${prompt.slice(0, block.start)}${prompt.slice(block.end)}` : prompt;
}

function findBlock(prompt: string): Block | undefined {
  const start = prompt.lastIndexOf(marker);
  if (start === -1) return undefined;
  const jsonStart = start + marker.length;
  const jsonEnd = endOfObject(prompt, jsonStart);
  const close = prompt.indexOf("]]", jsonEnd);
  if (close === -1 || prompt.slice(jsonEnd, close).trim() !== "") throw new ScriptError("the script block has no ]]");
  return { steps: parseSteps(prompt.slice(jsonStart, jsonEnd)), start, end: close + "]]".length };
}

/** The position after the brace that closes the first object; braces inside strings do not count. */
function endOfObject(text: string, from: number): number {
  let depth = 0;
  let inString = false;
  for (let at = from; at < text.length; at += 1) {
    const char = text[at];
    if (inString && char === "\\") at += 1;
    else if (char === '"') inString = !inString;
    else if (!inString && char === "{") depth += 1;
    else if (!inString && char === "}") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  throw new ScriptError("the braces of the script block do not balance");
}

function parseSteps(json: string): Step[] {
  const parsed = parseJson(json);
  const steps: unknown = parsed !== null && typeof parsed === "object" && "steps" in parsed ? parsed.steps : undefined;
  if (!Array.isArray(steps)) throw new ScriptError("the script block has no steps array");
  for (const step of steps) {
    const found = step !== null && typeof step === "object" ? kinds.filter((kind) => kind in step) : [];
    if (found.length !== 1) throw new ScriptError(`not a step: ${JSON.stringify(step)}`);
  }
  return steps; // Only tests write scripts, typed by script(); the check above is for blocks written by hand.
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new ScriptError(`the script block is not JSON: ${json.slice(0, 200)}`, { cause });
  }
}
