// The tools over MCP, with the official clients of each revision.
import { describe, expect, it } from "vitest";
import { script } from "../support/fake-model/script.ts";
import { CLIENTS, fits, newAgentId } from "./support/mcp.ts";

describe.concurrent.each(CLIENTS)("$name", ({ revision, connect }) => {
  it("speaks its revision and lists the tools with schemas and hints", async () => {
    const client = await connect();
    expect(client.revision).toBe(revision);
    const names = client.tools.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["implement", "chat", "get_turn", "cancel_turn"]));
    for (const { inputSchema, outputSchema, annotations } of client.tools) {
      expect(inputSchema).toMatchObject({ type: "object" });
      expect(outputSchema).toMatchObject({ type: "object" });
      expect(annotations).toMatchObject({ readOnlyHint: expect.any(Boolean), destructiveHint: expect.any(Boolean) });
    }
  });

  it("chats, and is told of progress on the way", async () => {
    const client = await connect();
    const progress: string[] = [];
    const message = `Look around. ${script({ run: "echo one" }, { answer: { response: "Nothing here." } })}`;
    const answer = await client.call("chat", { message, agent_id: newAgentId() }, (line) => progress.push(line));
    expect(answer.isError).toBe(false);
    expect(answer.envelope).toMatchObject({
      status: "completed",
      result: { response: "Nothing here." },
      evidence: { commands: [{ command: "echo one", exit_code: 0 }] },
    });
    expect(answer.text).toContain("Nothing here.");
    expect(progress).toContain("Running: echo one");
  });

  it("has a change made, and sees the one that was made rather than the one that is claimed", async () => {
    const client = await connect();
    const claim = { file: "imagined.txt", action: "create", diff: "", explanation: "" };
    const task = `Write it. ${script({ run: "echo hi > real.txt" }, { answer: { changes: [claim] } })}`;
    const { envelope } = await client.call("implement", { task, target_files: [], agent_id: newAgentId() });
    expect(envelope).toMatchObject({
      status: "completed",
      result: { changes: [{ file: "real.txt", action: "create", diff: expect.stringContaining("+hi") }] },
      evidence: { changed_files: [{ path: "real.txt", action: "create" }] },
    });
    expect(JSON.stringify(envelope.result)).toContain("imagined.txt");
  });

  it("gets an error result that fits the schema for parameters that do not fit", async () => {
    const client = await connect();
    const answer = await client.call("chat", { message: "" });
    expect(answer).toMatchObject({ isError: true, envelope: { status: "failed", error: { code: "invalid_input" } } });
  });

  it("hands back a turn that takes long, and picks its result up later", async () => {
    const client = await connect();
    const agent_id = newAgentId();
    const message = script({ stallMs: 400 }, { answer: { response: "At last." } });
    const started = await client.call("chat", { message, agent_id, wait_seconds: 0 });
    expect(started).toMatchObject({ isError: false, envelope: { status: "running", agent_id } });
    const { turn_id } = started.envelope;
    expect(started.envelope.next).toContain(turn_id);
    const ended = await client.call("get_turn", { turn_id, agent_id });
    expect(ended.envelope).toMatchObject({ status: "completed", turn_id, result: { response: "At last." } });
  });
});

it("lists output schemas that take every envelope, and nothing without a status", async () => {
  const { connect } = CLIENTS[2] ?? {};
  const client = await connect?.();
  if (client === undefined) throw new Error("no client");
  const schema = client.tools.find(({ name }) => name === "chat")?.outputSchema;
  const agent_id = newAgentId();
  const completed = await client.call("chat", { message: "Hello", agent_id });
  const running = await client.call("chat", { message: script({ stallMs: 5_000 }), agent_id, wait_seconds: 0 });
  const cancelled = await client.call("cancel_turn", { turn_id: running.envelope.turn_id, agent_id });
  const failed = await client.call("chat", { message: "Hello", agent_id, model: "gpt-nonsense" });
  const refused = await client.call("chat", {});
  const envelopes = [completed, running, cancelled, failed, refused].map(({ envelope }) => envelope);
  expect(envelopes.map(({ status }) => status)).toEqual(["completed", "running", "cancelled", "failed", "failed"]);
  expect(envelopes.map((envelope) => fits(schema, envelope))).toEqual([true, true, true, true, true]);
  const { status: _, ...withoutStatus } = completed.envelope;
  expect(fits(schema, withoutStatus)).toBe(false);
  expect(fits(schema, { ...completed.envelope, status: "fine" })).toBe(false);
});
