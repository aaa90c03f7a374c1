// Plays the part of a script that answers one model request.
import { setTimeout as sleep } from "node:timers/promises";
import type { Conversation } from "./conversation.ts";
import type { EventStream } from "./event-stream.ts";
import { growInstance } from "./schema-instance.ts";
import { type Failure, readScript, ScriptError, type Step, withoutScript } from "./script.ts";
import { toolCallItems } from "./tool-calls.ts";

export type Exchange = {
  conversation: Conversation;
  stream: EventStream;
  /** Aborted when the client has closed the connection. */
  closed: AbortSignal;
  /** How often this step of this turn has been reached, this time included. */
  countAttempt: (step: number) => number;
  failWith: (failure: Failure) => void;
  hangUp: () => Promise<void>;
};

type Progress = "goes on" | "ended";

const compactionMark = "CONTEXT CHECKPOINT COMPACTION";

export async function playTurn(exchange: Exchange): Promise<void> {
  const { conversation, stream } = exchange;
  for (const [index, step] of stepsOf(conversation).entries()) {
    if (index < conversation.nextStep) continue;
    if ((await play(step, index, exchange)) === "ended") return;
  }
  finish(stream, defaultAnswer(conversation));
}

function stepsOf({ promptText, promptIndex }: Conversation): Step[] {
  if (promptText.includes(compactionMark)) return [{ say: `Summary of ${promptIndex} earlier items.` }];
  return readScript(promptText) ?? [];
}

async function play(step: Step, index: number, exchange: Exchange): Promise<Progress> {
  const { conversation, stream, closed } = exchange;
  if ("run" in step || "patch" in step || "calls" in step) {
    for (const item of toolCallItems(step, index, conversation)) stream.item(item);
    stream.complete();
    return "ended";
  }
  if ("say" in step) return finish(stream, step.say);
  if ("answer" in step) return finish(stream, schemaAnswer(conversation, step.answer));
  if ("event" in step) {
    stream.send(step.event);
    stream.end();
    return "ended";
  }
  if ("fail" in step) return isDue(step.fail, index, exchange) ? fail(step.fail, exchange) : "goes on";
  if ("cut" in step) return isDue(step.cut, index, exchange) ? cut(exchange) : "goes on";
  if ("reasoning" in step) await reason(step.reasoning, step.count ?? 1, stream);
  else if ("stallMs" in step) {
    stream.open();
    await sleep(step.stallMs, undefined, { signal: closed });
  } else await sleep(step.delayMs, undefined, { signal: closed });
  return "goes on";
}

/** Each of many is told from the others by its number. */
async function reason(summary: string, count: number, stream: EventStream): Promise<void> {
  for (let n = 1; n <= count; n++) {
    stream.reasoning(count === 1 ? summary : `${n}: ${summary}`);
    await stream.drained();
  }
}

function isDue({ times = Infinity }: { times?: number }, index: number, { countAttempt }: Exchange): boolean {
  return countAttempt(index) <= times;
}

function fail(failure: Failure, { stream, failWith }: Exchange): Progress {
  if (stream.isOpen) throw new ScriptError("a fail step must come before anything that opens the stream");
  failWith(failure);
  return "ended";
}

async function cut({ stream, hangUp }: Exchange): Promise<Progress> {
  stream.beginMessage("This text is cut");
  await hangUp();
  return "ended";
}

function finish(stream: EventStream, text: string): Progress {
  if (text !== "") stream.message(text);
  stream.complete();
  return "ended";
}

function defaultAnswer(conversation: Conversation): string {
  if (conversation.outputSchema) return schemaAnswer(conversation, undefined);
  return `echo: ${withoutScript(conversation.promptText).trim().slice(0, 200)}`;
}

function schemaAnswer({ outputSchema, promptText }: Conversation, partial: unknown): string {
  if (!outputSchema) return JSON.stringify(partial);
  const lastLine = withoutScript(promptText).trim().split("\n").at(-1) ?? "";
  return JSON.stringify(growInstance(outputSchema, partial, lastLine.trim().slice(0, 60) || "no prompt"));
}
