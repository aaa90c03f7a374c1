// Parameters that do not fit, as MCP clients see it: an error result that names them, and nothing is started. What every single
// parameter may not be is in tools-bad-input.test.ts.
import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { CLIENTS, connectV2, type McpClient, newAgentId } from "./support/mcp.ts";

const MIB = 1024 * 1024;

let client: McpClient;

beforeAll(async () => {
  client = await connectV2();
});

it.each([
  ["a missing parameter", "chat", {}, "message"],
  ["a parameter of the wrong type", "chat", { message: 7 }, "message"],
  ["an unknown parameter", "chat", { message: "m", mesage: "typo" }, "mesage"],
  ["an agent_id with a slash", "chat", { message: "m", agent_id: "other/a" }, "agent_id"],
  ["a path with a line end", "chat", { message: "m", reference_files: ["ok", "a\nb"] }, "reference_files.1"],
  ["a path that leaves the workspace", "implement", { task: "t", target_files: ["a/../../b"] }, "target_files.0"],
  ["a turn_id that is none", "get_turn", { turn_id: "conv_1" }, "turn_id"],
  ["no turn_id", "cancel_turn", {}, "turn_id"],
])("refuses %s before anything is started", async (_, tool, parameters, name) => {
  const before = await listDurableObjectIds(env.CODEX_AGENT);
  const { envelope, isError, text } = await client.call(tool, parameters);
  expect(isError).toBe(true);
  expect(envelope).toMatchObject({ status: "failed", turn_id: null, conversation_id: null });
  expect(envelope.error).toMatchObject({ code: "invalid_input", retryable: false });
  expect(envelope.error).toMatchObject({ message: expect.stringMatching(`Nothing was started.*\\b${name}\\b`) });
  expect(text).toContain("invalid_input");
  expect(await listDurableObjectIds(env.CODEX_AGENT)).toEqual(before);
});

it("repeats no value and no control character of what it refuses", async () => {
  const { envelope } = await client.call("chat", { message: "m", agent_id: "evil/name", "\u001b[31mred": 1 });
  const told = JSON.stringify(envelope);
  expect(told).not.toContain("evil/name");
  expect(told).not.toContain("\\u001b");
});

it("names what is wrong with each of several parameters", async () => {
  const { envelope } = await client.call("chat", { agent_id: "/", wait_seconds: "soon", extra: 1 });
  const { message } = envelope.error as { message: string };
  for (const name of ["message", "agent_id", "wait_seconds", "extra"]) expect(message).toContain(name);
});

describe.each(CLIENTS)("$name", ({ connect }) => {
  it("may send a message of 1 MiB", async () => {
    const sender = await connect();
    const message = "a".repeat(MIB);
    const { envelope } = await sender.call("chat", { message, agent_id: newAgentId() });
    expect(envelope).toMatchObject({ status: "completed" });
  });

  it.each([5, 20])("is refused %i MiB, with the limit named", async (size) => {
    const sender = await connect();
    const sending = sender.call("chat", { message: "a".repeat(size * MIB), agent_id: newAgentId() });
    await expect(sending).rejects.toThrow("must not exceed 4194304 bytes");
  });
});
