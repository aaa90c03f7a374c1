// What a failed turn tells its caller: what happened, and what to do next. Upstream text is never part of it, save the
// model's own malformed answer and names from the model catalogue, each marked as what it is.
import type { RunnerError } from "../../container/protocol.ts";
import { budgetMessage, readCompactBudget } from "../lib/token-budget.ts";
import type { TurnFailure } from "./types.ts";

type Message = (detail: string) => string;

const MESSAGES: Readonly<Record<RunnerError["code"], Message>> = {
  bad_model_output: (detail) =>
    `The model's answer did not fit the tool's schema, also after one repair. Try again, or with another model. Its raw answer: ${detail}`,
  budget_exceeded: budgetAdvice,
  cancelled: () => "The turn was cancelled.",
  codex_died: () =>
    "Codex stopped while it worked on this turn, so its work cannot be shown to be finished. Look at the workspace, then send the task again; it is never repeated by itself.",
  codex_failed: () =>
    'Codex reported an error. Try again; if it stays, start a new conversation with conversation_id "new".',
  codex_missing: () =>
    "The Codex binary is not installed. Run `npm ci` again without leaving out optional packages; the platform must be Linux, macOS or Windows on x64 or arm64.",
  container_lost: () =>
    "The agent's container was lost while it worked on this turn, so its work cannot be shown to be finished. Look at the workspace, then send the task again; it is never repeated by itself.",
  context_too_long: () =>
    'The conversation no longer fits into the model. Start a new one with conversation_id "new", or send less.',
  credential_unreadable: () =>
    "The stored credential cannot be decrypted: the key that sealed it is missing in ENCRYPTION_KEY. health_check names it. Put it back, behind the new one, or connect the credential again.",
  deadline_exceeded: () =>
    "The turn passed its deadline (TURN_TIMEOUT_SECONDS) and was stopped. Split the task, or raise the deadline. What was changed so far is in the workspace.",
  empty_answer: () => "The model ended its turn without an answer. Try again, or with another model.",
  internal: () => "The agent failed in a way it did not expect. Try again; the log has the details.",
  invalid_effort: (detail) => `This effort is not offered by the model. Allowed: ${detail}.`,
  login_needed: () =>
    "The ChatGPT login has ended and must be made again. Connect ChatGPT on the account page, or run `npm run login`, then repeat the call. health_check says why.",
  model_auth_failed: () =>
    "The model API refused the credential. Check the API key (OPENAI_API_KEY, or your own), or connect ChatGPT again, then repeat the call.",
  model_rate_limited: () => "The model API limits the rate of requests. Wait a minute, then try again.",
  model_refused: () => "The model API refused the request as invalid. Rephrase it, or choose another model.",
  model_unavailable: () => "The model API has a problem of its own. Try again in a few minutes.",
  model_unreachable: () => "The model API cannot be reached. Check OPENAI_BASE_URL and the network, then try again.",
  no_credential: () =>
    "There is no OpenAI credential. Connect ChatGPT or an API key on the account page, or set OPENAI_API_KEY (in .dev.vars for the dev server, by `wrangler secret put` for a deployment), then try again.",
  sandbox_unavailable: () =>
    "Codex's sandbox does not work on this machine, so commands could not be held back. Use Docker, or allow unprotected runs on your own machine with HOST_SANDBOX=off.",
  unknown_model: (detail) => `Codex does not know this model. Known models: ${detail}.`,
  usage_limit: (detail) =>
    `The account behind the credential has used up its limit. ${resetAdvice(detail)}, or use another credential.`,
};

/** The container was lost: what it did since the last stored event is unknown. */
export const CONTAINER_LOST: TurnFailure = describeFailure({ code: "container_lost" });

export function describeFailure({ code, detail }: RunnerError): TurnFailure {
  return { code, message: MESSAGES[code](detail ?? "") };
}

/** `detail` is how much of which budget was used. */
function budgetAdvice(detail: string): string {
  const spent = readCompactBudget(detail);
  if (spent !== undefined) return budgetMessage(spent);
  return "A token budget is spent (MAX_TOKENS_PER_TURN, MAX_TOKENS_PER_DAY). get_agent_status says which, and when it resets.";
}

/** `detail` is the time of the reset in ms, or some text where it is not known. */
function resetAdvice(detail: string): string {
  const resetsAt = /^\d{12,14}$/.test(detail) ? new Date(Number(detail)) : undefined;
  return resetsAt === undefined ? "Wait for its reset" : `Wait for its reset at ${resetsAt.toISOString()}`;
}
