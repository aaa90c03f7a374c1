// What the tools for files in and out share: paths, who calls, and how an answer of the agent is made to fit.
import { type Outcome, unwrap } from "../errors.ts";
import type { CallContext } from "./call-context.ts";
import { WorkspacePath } from "./fields.ts";

export const MAX_PATH_CHARS = 4_096;

/** As people write it: `./src/` is `src`. */
export const FilePath = WorkspacePath.overwrite((path) =>
  path.replace(/^(?:\.\/+)+(?=.)/, "").replace(/(?<=.)\/+$/, ""),
);

/** "" is the workspace itself, which callers call ".". */
export const DirectoryPath = FilePath.default(".").transform((path) => (path === "." ? "" : path));

/** An answer holds it twice, as text and structured; see fit-answer.ts for what clients take. */
const MAX_CHARS = 60_000;

/** Asks for less until the answer fits. `ask` gets how much to ask for, `most` at first. */
export async function askForFitting<T>(most: number, ask: (amount: number) => Promise<Outcome<T>>): Promise<T> {
  for (let amount = most; ; amount = Math.ceil(amount / 2)) {
    const answer = unwrap(await ask(amount));
    if (amount === 1 || JSON.stringify(answer).length <= MAX_CHARS) return answer;
  }
}

/** As an agent that does not exist yet gets to know whose it is. */
export function callerOf(
  { userId }: Pick<CallContext, "userId">,
  agentId: string,
): { user_id: string; agent_id: string } {
  return { user_id: userId, agent_id: agentId };
}

export function savedLine(checkpointId: string | null): string {
  return checkpointId === null ? "- not saved" : `- saved: checkpoint_id "${checkpointId}"`;
}

export function noteLines(notes: readonly string[]): string[] {
  return notes.map((note) => `- note: ${note}`);
}
