// What the bench compares: ways to have the same Codex answer the same prompt, by the same model.
import type { FakeModel } from "../support/fake-model/fake-model.ts";
import { script } from "../support/fake-model/script.ts";

export interface Side {
  /** Whether its answers follow the schema of `chat`; else they are plain text. */
  hasSchema: boolean;
  /** Goes on with one conversation. Resolves to the answer. */
  followUp(message: string): Promise<string>;
  /** Begins a new conversation. */
  fresh(message: string): Promise<string>;
  close(): Promise<void>;
}

export interface Measured {
  ms: number;
  /** Of it, until the model's API had its request. In whole milliseconds. */
  toModelMs: number;
}

let last = 0;

/** Asks, and proves that it was this question that was answered, after `earlier` where that was said before. */
export async function measure(
  model: FakeModel,
  hasSchema: boolean,
  ask: (message: string) => Promise<string>,
  earlier?: string,
): Promise<Measured & { tag: string }> {
  const tag = `question-${++last}-of-the-bench`;
  const message = `${tag} ${script(hasSchema ? { answer: { response: tag } } : { say: tag })}`;
  const wallAt = Date.now();
  const startedAt = performance.now();
  const answer = await ask(message);
  const ms = performance.now() - startedAt;
  if (!answer.includes(tag)) throw new Error(`asked ${tag}, answered: ${answer.slice(0, 2_000)}`);
  const requests = model.requests.filter(({ promptText }) => promptText.includes(tag));
  const [request] = requests;
  if (request === undefined || requests.length > 1) throw new Error(`${requests.length} model requests for ${tag}`);
  if (earlier !== undefined && !JSON.stringify(request.body).includes(earlier)) {
    throw new Error(`${tag} was asked without ${earlier}, which came before it`);
  }
  return { ms, toModelMs: request.receivedAt - wallAt, tag };
}
