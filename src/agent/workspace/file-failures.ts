// What a failed use of the files tells its caller. The runner's words are ours, with names from outside in quotes: they are
// shown only where they say what to change.
import type { RunnerFailure } from "../../../container/protocol.ts";
import { AppError, type ErrorCode } from "../../errors.ts";
import { visible } from "../../lib/visible.ts";
import { RunnerRefusal } from "../../runtime/runner-client.ts";

type Failed = RunnerFailure["code"];

const MAX_REASON_CHARS = 1_000;
const UNTOUCHED = "Nothing was changed.";

/** The caller is told the runner's reason. */
const REASONED: Partial<Record<Failed, ErrorCode>> = {
  archive_refused: "invalid_input",
  bad_request: "invalid_input",
  conflict: "conflict",
  import_failed: "remote_unavailable",
  missing: "not_found",
  not_directory: "invalid_input",
  path_refused: "invalid_input",
  ref_missing: "not_found",
  ref_refused: "invalid_input",
  repository_refused: "invalid_input",
  too_large: "payload_too_large",
  url_refused: "invalid_input",
};

/** The reason is known from the code. */
const KNOWN: Partial<Record<Failed, [ErrorCode, string]>> = {
  auth_failed: [
    "invalid_input",
    `The remote refused: there is no such repository, or it needs a token (another one) that may read it. ${UNTOUCHED}`,
  ],
  corrupt: ["conflict", "The checkpoint of that time is damaged. Choose another one; list_checkpoints has them."],
  disk_busy: ["busy", `The files of this agent are in use by another call. ${UNTOUCHED} Try again when it has ended.`],
  disk_full: ["conflict", `The agent's disk has no room for this. ${UNTOUCHED} Delete some of its files first.`],
  git_missing: ["misconfigured", "The agent's machine has no git. Install it, then try again."],
  not_empty: [
    "conflict",
    `There are files in that directory. ${UNTOUCHED} Choose another directory, or send replace: true to remove them.`,
  ],
  tar_missing: ["misconfigured", "The agent's machine has no GNU tar (on macOS: brew install gnu-tar)."],
  timeout: ["remote_unavailable", `The remote was too slow. ${UNTOUCHED} Try again, or with a smaller depth.`],
  turn_active: ["conflict", `A turn of this agent is at work. ${UNTOUCHED} Wait for its end, or cancel it.`],
  unreachable: ["remote_unavailable", `The remote cannot be reached from the agent's machine. ${UNTOUCHED}`],
};

/** The {@link AppError} for what a call of the runner threw; what nobody expects comes back as it is. */
export function fileFailure(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  if (!(error instanceof RunnerRefusal)) return isOwnFault(error) ? error : lost(error);
  const { code, message } = error.failure;
  const reasoned = REASONED[code];
  if (reasoned !== undefined) {
    return new AppError(reasoned, visible(message).slice(0, MAX_REASON_CHARS), { cause: error });
  }
  const known = KNOWN[code];
  return known === undefined ? error : new AppError(known[0], known[1], { cause: error });
}

/** An answer that cannot be understood, or a mistake of this code. */
function isOwnFault({ name }: Error): boolean {
  return ["ZodError", "$ZodError", "RangeError", "ReferenceError", "TypeError"].includes(name);
}

function lost(cause: Error): AppError {
  const message =
    "The agent's container was lost, or did not answer in time. Look at the files, then try again: a change was made as a whole or not at all.";
  return new AppError("container_unavailable", message, { cause });
}
