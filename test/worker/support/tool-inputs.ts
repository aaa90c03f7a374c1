// For each tool the smallest good call, and for each kind of parameter what it may not be. A tool or a parameter that is in none of
// these tables fails the test that iterates over them.

import { fileInputs } from "./file-inputs.ts";

const MIB = 1024 * 1024;

export interface BadValue {
  what: string;
  value: unknown;
  /** What the refusal must say besides the parameter's name. */
  says?: string;
  /** Where in the parameter it is wrong. */
  at?: string;
}

const TURN_ID = "turn_0";

export const GOOD_CALLS: Readonly<Record<string, Record<string, unknown>>> = {
  plan: { task: "t" },
  implement: { task: "t", target_files: [] },
  review: { content: "c" },
  fix: { error_output: "e" },
  chat: { message: "m" },
  audit: { code: "c" },
  debug: { error_message: "e" },
  get_turn: { turn_id: TURN_ID },
  cancel_turn: { turn_id: TURN_ID },
  answer_approval: { turn_id: TURN_ID, approval_id: "approval_0", decision: "accept" },
  steer_turn: { turn_id: TURN_ID, message: "m" },
  list_sessions: {},
  get_my_session_info: {},
  health_check: {},
  get_agent_status: {},
  list_active_agents: {},
  cleanup_inactive_agents: {},
  read_turn: { turn_id: TURN_ID },
  revoke_grants: {},
  list_checkpoints: {},
  rollback: { turn_id: TURN_ID },
  import_repository: { url: "https://git.example/a.git" },
  write_files: { files: [{ path: "a", content: "c" }] },
  read_files: { paths: ["a"] },
  list_files: {},
  get_diff: {},
};

const CONTROLS = ["\0", "\n", "\r", "\u001b[2J", "\u007f", "\u0085"];
const TRICKS = [
  "../x",
  "..",
  "a/../../b",
  "./../x",
  "a/..",
  "..\\x",
  "a\\..\\..\\b",
  "a/..\\b",
  "/etc/passwd",
  "//server/share",
  "\\windows",
  "\\\\server\\share",
  "C:\\x",
  "c:x",
  "~/.ssh/id_ed25519",
  "~root/x",
];

const notText: BadValue[] = [7, null, true, {}].map((value) => ({ what: JSON.stringify(value), value }));
const text: BadValue[] = [
  ...notText,
  { what: "a list", value: ["t"] },
  { what: "an empty text", value: "", says: "must not be empty" },
  { what: "more than 1 MiB", value: "a".repeat(MIB + 1), says: String(MIB) },
];
const path: BadValue[] = [
  { what: "an empty path", value: "", says: "must not be empty" },
  { what: "a path that is too long", value: "a".repeat(4_097), says: "4096" },
  ...TRICKS.map((value) => ({ what: `the path ${value}`, value })),
  ...CONTROLS.map((control) => ({ what: `a path with ${JSON.stringify(control)}`, value: `a${control}b` })),
];
const name: BadValue[] = [
  ...notText,
  { what: "an empty name", value: "" },
  { what: "1 MiB", value: "a".repeat(MIB) },
  ...CONTROLS.map((control) => ({ what: `a name with ${JSON.stringify(control)}`, value: `a${control}b` })),
  ...[" a", "--help", "../a", "a b", "é"].map((value) => ({ what: `the name ${value}`, value })),
];

function listOf(item: readonly BadValue[], most = 1_000): BadValue[] {
  return [
    ...[7, null, {}, "a"].map((value) => ({ what: JSON.stringify(value), value })),
    { what: `more than ${most} items`, value: Array(most + 1).fill("a"), says: String(most) },
    ...[7, null, {}, ["a"]].map((value) => ({
      what: `an item ${JSON.stringify(value)}`,
      value: ["a", value],
      at: "1",
    })),
    ...item
      .filter(({ value }) => typeof value === "string")
      .map(({ what, value, says }) => ({
        what: `an item: ${what}`,
        value: ["a", value],
        at: "1",
        ...(says && { says }),
      })),
  ];
}

function numberFrom(min: number, max: number): BadValue[] {
  return [min - 1, max + 1, 1.5, String(min), null, true, []].map((value) => ({ what: JSON.stringify(value), value }));
}

const choice: BadValue[] = ["", "anything", "accept\n", "OK", 7, null, []].map((value) => ({
  what: JSON.stringify(value),
  value,
}));

const content: BadValue[] = [
  ...text,
  { what: "an empty object", value: {} },
  { what: "no diffs", value: { diffs: [] } },
  { what: "an empty diff", value: { diffs: [""] } },
  { what: "more than 1000 diffs", value: { diffs: Array(1_001).fill("d") } },
  { what: "no files", value: { files: [] } },
  { what: "a file without content", value: { files: [{ path: "a" }] } },
  ...path.map(({ what, value }) => ({ what: `a file at ${what}`, value: { files: [{ path: value, content: "c" }] } })),
  { what: "another part of the workspace", value: { workspace: "everything" } },
  { what: "two kinds at once", value: { branch: "a", commit: "b" } },
  ...[
    "",
    "--output=/tmp/x",
    "-p",
    "a b",
    "a..b",
    "a...b",
    "a'b",
    "a`id`",
    "$(id)",
    "a;b",
    "a\nb",
    "a\0",
    "a|b",
  ].flatMap((value) => [
    { what: `the branch ${JSON.stringify(value)}`, value: { branch: value } },
    { what: `the commit ${JSON.stringify(value)}`, value: { commit: value } },
  ]),
];

const flag: BadValue[] = ["true", 1, null, []].map((value) => ({ what: JSON.stringify(value), value }));

/** Deeper than anybody means it, by far: writing it out again would end the stack. */
const bottomless = JSON.parse(`${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`);
const object: BadValue[] = [
  ...[7, null, "a", ["a"]].map((value) => ({ what: JSON.stringify(value), value })),
  { what: "a bottomless object", value: bottomless, says: "20 levels" },
];

/** By the parameter's name, which means the same in every tool. */
export const BAD_VALUES: Readonly<Record<string, readonly BadValue[]>> = {
  agent_id: name,
  conversation_id: name,
  model: name,
  request_id: name.filter(({ value }) => value !== "--help" && value !== "../a"),
  turn_id: name,
  approval_id: name,
  checkpoint_id: name,
  cursor: name,
  task: text,
  message: text,
  code: text,
  error_message: text,
  error_output: text,
  context: text,
  code_context: text,
  stack_trace: text,
  environment_info: text,
  reproduction_steps: text,
  constraints: listOf(text),
  requirements: listOf(text),
  rubric: listOf(text),
  focus_areas: listOf(text),
  failing_tests: listOf(text),
  symptoms: listOf(text),
  previous_messages: listOf(text),
  compliance_standards: listOf(text),
  target_files: listOf(path),
  context_files: listOf(path),
  reference_files: listOf(path),
  file_paths: listOf(path),
  content,
  repo_context: object,
  effort: choice,
  severity_threshold: choice,
  debug_level: choice,
  decision: choice,
  status: choice,
  wait_seconds: numberFrom(0, 3_600),
  limit: [0, -1, 40_001, 1.5, "1", null, true, []].map((value) => ({ what: JSON.stringify(value), value })),
  part: choice,
  offset: [-1, 1.5, "0", null, true].map((value) => ({ what: JSON.stringify(value), value })),
  inactive_for_seconds: numberFrom(0, 31_536_000),
  delete_data: flag,
  dry_run: flag,
  ...fileInputs({ notText, path, flag, listOf }),
};
