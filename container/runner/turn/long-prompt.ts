// A prompt that is longer than Codex takes in one message. The model gets it as a file beside its workspace, which it can read by parts:
// as messages it would fill the model's window, and Codex would cut it down to make room.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TurnSpec } from "../../protocol.ts";

/** What is longer is refused by `turn/start` (observed with 0.169). */
const MAX_MESSAGE_CHARS = 1_048_576;
const SHOWN_CHARS = 4_000;

/** The text to send. Commands can read `directory`, which holds the file until the next prompt that needs one. */
export async function messageOf({ prompt, turn_id }: TurnSpec, directory: string): Promise<string> {
  if (prompt.length <= MAX_MESSAGE_CHARS) return prompt;
  const file = join(directory, `${turn_id}.md`);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await writeFile(file, prompt);
  return [
    `Your task is longer than one message can be. All ${prompt.length} characters of it are in the file ${file}. Read it to its end, part by part, before you begin, and do what it says. This is how it begins and ends:`,
    prompt.slice(0, SHOWN_CHARS),
    "[… the middle is only in the file …]",
    prompt.slice(-SHOWN_CHARS),
  ].join("\n\n");
}
