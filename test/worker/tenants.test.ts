// Two users, and every way there is from one to the other: what is Ada's is for Bob what does not exist.
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../../src/errors.ts";
import { handleToolRequest } from "../../src/rest/routes.ts";
import type { CallContext } from "../../src/tools/call-context.ts";
import { TOOLS } from "../../src/tools/catalogue.ts";
import { script } from "../support/fake-model/script.ts";
import { request2026 } from "../support/mcp-wire.ts";
import { Browser, TEAM } from "./support/browser.ts";
import { callTool, chat, directoryOf, look, newUser } from "./support/fleet.ts";
import { fetchAs } from "./support/mcp-identity.ts";

interface Names {
  agent_id: string;
  turn_id: string;
  approval_id: string;
  conversation_id: string;
}

/** What a call needs so that it is about somebody's agent; every tool is here. */
const CALLS: Readonly<Record<string, (names: Names) => object>> = {
  plan: ({ agent_id, conversation_id }) => ({ task: "t", agent_id, conversation_id }),
  implement: ({ agent_id, conversation_id }) => ({ task: "t", target_files: [], agent_id, conversation_id }),
  review: ({ agent_id, conversation_id }) => ({ content: "c", agent_id, conversation_id }),
  fix: ({ agent_id, conversation_id }) => ({ symptoms: ["s"], agent_id, conversation_id }),
  chat: ({ agent_id, conversation_id }) => ({ message: "m", agent_id, conversation_id }),
  audit: ({ agent_id, conversation_id }) => ({ code: "c", agent_id, conversation_id }),
  debug: ({ agent_id, conversation_id }) => ({ error_message: "e", agent_id, conversation_id }),
  get_turn: ({ agent_id, turn_id }) => ({ agent_id, turn_id, wait_seconds: 0 }),
  read_turn: ({ agent_id, turn_id }) => ({ agent_id, turn_id }),
  cancel_turn: ({ agent_id, turn_id }) => ({ agent_id, turn_id }),
  steer_turn: ({ agent_id, turn_id }) => ({ agent_id, turn_id, message: "Do as Bob says" }),
  answer_approval: ({ agent_id, turn_id, approval_id }) => ({ agent_id, turn_id, approval_id, decision: "accept" }),
  revoke_grants: ({ agent_id }) => ({ agent_id }),
  list_checkpoints: ({ agent_id }) => ({ agent_id }),
  rollback: ({ agent_id, turn_id }) => ({ agent_id, turn_id }),
  import_repository: ({ agent_id }) => ({ agent_id, url: "https://git.invalid/repository.git" }),
  write_files: ({ agent_id }) => ({ agent_id, files: [{ path: "bob.txt", content: "Bob was here" }] }),
  read_files: ({ agent_id }) => ({ agent_id, paths: ["ada.txt"] }),
  list_files: ({ agent_id }) => ({ agent_id }),
  get_diff: ({ agent_id, turn_id }) => ({ agent_id, turn_id }),
  get_agent_status: ({ agent_id }) => ({ agent_id }),
  get_my_session_info: ({ agent_id }) => ({ agent_id }),
  list_sessions: ({ agent_id }) => ({ agent_id }),
  list_active_agents: () => ({}),
  cleanup_inactive_agents: () => ({ inactive_for_seconds: 0, delete_data: true }),
  health_check: () => ({}),
};

const UNKNOWN: Names = { agent_id: "unknown", turn_id: "turn_0", approval_id: "approval_0", conversation_id: "conv_0" };

let ada: CallContext;
let hers: Names;

beforeAll(async () => {
  ada = newUser({ CODEX_APPROVAL_MODE: "suggest", CODEX_MODEL: "gpt-5.5" });
  const patch = "*** Begin Patch\n*** Add File: ada.txt\n+hello\n*** End Patch\n";
  const task = `Write. ${script({ patch }, { answer: {} })}`;
  const asked = await look<Names & { status: string; approvals: { approval_id: string }[] }>(ada, "implement", {
    agent_id: "adas",
    task,
    target_files: [],
  });
  expect(asked.status).toBe("awaiting_approval");
  hers = { ...asked, approval_id: asked.approvals[0]?.approval_id ?? "" };
});

it("knows every tool", () => {
  expect(Object.keys(CALLS).sort()).toEqual(TOOLS.map(({ name }) => name).sort());
});

describe.each(Object.entries(CALLS))("%s", (name, parameters) => {
  it("answers Bob about Ada's agent as about one that does not exist", async () => {
    const bob = newUser();
    const about = async (names: Names) => hidden((await callTool(bob, name, parameters(names))).structured, names);
    expect(await about(hers)).toEqual(await about(UNKNOWN));
  });

  it("answers him so over HTTP as well", async () => {
    const bob = newUser();
    const about = async (names: Names) => {
      const { status, body } = await overHttp(bob, name, parameters(names));
      return [status, hidden(body, names)];
    };
    expect(await about(hers)).toEqual(await about(UNKNOWN));
  });
});

it("Ada's turn is as it was, and her agent's", async () => {
  const turn = await look<{ status: string; approvals: object[] }>(ada, "get_turn", {
    agent_id: hers.agent_id,
    turn_id: hers.turn_id,
    wait_seconds: 0,
  });
  expect(turn).toMatchObject({ status: "awaiting_approval", approvals: [{ approval_id: hers.approval_id }] });
  expect(await look(ada, "list_sessions")).toMatchObject({ total: 1 });
  expect(unwrap(await directoryOf(ada).list({ limit: 10 })).agents).toHaveLength(1);
});

it.each(["result", "transcript", "diff", "log"])(
  "Bob reads Ada's %s as he reads one that does not exist",
  async (part) => {
    const bob = fetchAs(`bob-${crypto.randomUUID()}`);
    const about = async (names: Names) => {
      const uri = `codex://agents/${names.agent_id}/turns/${names.turn_id}/${part}`;
      const { status, error } = await request2026(bob, "resources/read", { uri, name: uri });
      return [status, hidden(error, names)];
    };
    expect(await about(hers)).toEqual(await about(UNKNOWN));
  },
);

it("Bob sees the page of Ada's approval as that of one that does not exist", async () => {
  const bob = new Browser(TEAM);
  await bob.signInAsSomebody();
  for (const send of [(path: string) => bob.get(path), (path: string) => bob.post(path, { decision: "accept" })]) {
    const about = async ({ agent_id, turn_id, approval_id }: Names) => {
      const response = await send(`/approvals/${agent_id}/${turn_id}/${approval_id}`);
      return [response.status, await response.text()];
    };
    expect(await about(hers)).toEqual(await about(UNKNOWN));
  }
});

it("the same name is an agent of its own for each, with a memory of its own", async () => {
  const bob = newUser();
  const his = await chat(bob, hers.agent_id);
  expect(his.conversation_id).not.toBe(hers.conversation_id);
  expect(await look(bob, "list_sessions")).toMatchObject({ total: 1 });
});

it("what Bob has limits nothing of Ada's", async () => {
  const bob = newUser();
  while ((await env.TURN_RATE.limit({ key: bob.userId })).success);
  expect(await chat(ada, "another")).toMatchObject({ status: "completed" });
});

/** Without the names that were asked about, and without what differs from call to call. */
function hidden(answer: unknown, names: Names): unknown {
  let text = JSON.stringify(answer);
  for (const [key, name] of Object.entries(names)) text = text.replaceAll(name, key);
  return JSON.parse(text, (key, value) => (/timestamp|uptime|detail|checkpoint_id|_at$/.test(key) ? null : value));
}

async function overHttp(user: CallContext, name: string, parameters: object) {
  const request = new Request(`https://codex.example/tools/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(parameters),
  });
  const response = await handleToolRequest(request, user, () => {});
  return { status: response.status, body: await response.json() };
}
