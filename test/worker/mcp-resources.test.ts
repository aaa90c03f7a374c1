// Resources of a turn, prompts and completion, with the official client in both eras.
import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Client, VersionNegotiationMode } from "@modelcontextprotocol/client";
import { describe, expect, it } from "vitest";
import { script } from "../support/fake-model/script.ts";
import { connectAs as connect } from "./support/mcp-identity.ts";

const ERAS: { era: string; mode: VersionNegotiationMode }[] = [
  { era: "2025", mode: "legacy" },
  { era: "2026-07-28", mode: { pin: "2026-07-28" } },
];

describe.each(ERAS)("in the era of $era", ({ mode }) => {
  it("reads the result, the transcript, the diff and the log of a turn", async () => {
    const client = await connect("ada", mode);
    const { agent_id, turn_id } = await implement(client);
    const read = (part: string) => readText(client, `codex://agents/${agent_id}/turns/${turn_id}/${part}`);
    const transcript = await read("transcript");
    expect(transcript).toContain(`# implement, ${turn_id}: completed`);
    expect(transcript).toContain("Write the file.");
    expect(transcript).toContain("hello from a command");
    expect(transcript).toContain('"integration_notes": "All done."');
    expect(await read("diff")).toMatch(/^\+written$/m);
    expect(JSON.parse(await read("result"))).toMatchObject({ turn_id, result: { integration_notes: "All done." } });
    const log = (await read("log")).split("\n");
    expect(log[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z Codex \d/);
    expect(log.at(-1)).toMatch(/Z The turn is completed$/);
    await client.close();
  });

  it("finds no turn of another user, and none that there is not, in the same words", async () => {
    const ada = await connect("ada", mode);
    const { agent_id, turn_id } = await implement(ada);
    const bob = await connect(`bob-${crypto.randomUUID()}`, mode);
    const uri = `codex://agents/${agent_id}/turns/${turn_id}/diff`;
    const missing = `codex://agents/${agent_id}/turns/turn_0/diff`;
    const answers = [await failureOf(bob, uri), await failureOf(bob, missing)];
    expect(answers[0]?.replace(uri, "")).toBe(answers[1]?.replace(missing, ""));
    expect(answers[0]).toMatch(/no such turn/);
    for (const path of ["agents/../turns/turn_0/diff", "agents/a%2Fb/turns/turn_0/diff", "agents/a/turns/x/log"]) {
      expect(await failureOf(bob, `codex://${path}`)).not.toBe("");
    }
    await Promise.all([ada.close(), bob.close()]);
  });

  it("needs the scope codex:read to read a turn", async () => {
    const ada = await connect("ada", mode);
    const { agent_id, turn_id } = await implement(ada);
    const runner = await connect("ada", mode, ["codex:run"]);
    expect(await failureOf(runner, `codex://agents/${agent_id}/turns/${turn_id}/diff`)).toContain("codex:read");
    await Promise.all([ada.close(), runner.close()]);
  });

  it("completes the ids of the user's own agents and turns", async () => {
    const user = `carol-${crypto.randomUUID()}`;
    const client = await connect(user, mode);
    const { agent_id, turn_id } = await implement(client);
    const ref = { type: "ref/resource" as const, uri: "codex://agents/{agent_id}/turns/{turn_id}/diff" };
    const complete = async (name: string, value: string, args: Record<string, string> = {}) =>
      (await client.complete({ ref, argument: { name, value }, context: { arguments: args } })).completion.values;
    await expect.poll(() => complete("agent_id", agent_id.slice(0, 8))).toEqual([agent_id]);
    expect(await complete("turn_id", "turn_", { agent_id })).toEqual([turn_id]);
    expect(await complete("turn_id", "other", { agent_id })).toEqual([]);
    const known = (await listDurableObjectIds(env.CODEX_AGENT)).length;
    for (const name of ["a/b", "", "x".repeat(100_000)])
      expect(await complete("turn_id", "", { agent_id: name })).toEqual([]);
    expect(await listDurableObjectIds(env.CODEX_AGENT)).toHaveLength(known);
    const prompt = { type: "ref/prompt" as const, name: "review-changes" };
    const offered = await client.complete({ ref: prompt, argument: { name: "agent_id", value: "" } });
    expect(offered.completion.values).toEqual([agent_id]);
    await client.close();
  });

  it("says what it is, and how long its lists hold", async () => {
    const client = await connect("ada", mode);
    expect(client.getServerVersion()).toMatchObject({
      title: "Persistent Codex",
      description: expect.any(String),
      icons: [{ src: expect.stringMatching(/^data:image\/svg\+xml;base64,/), mimeType: "image/svg+xml" }],
    });
    expect(client.getInstructions()).toContain("get_turn");
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ title }) => title)).toEqual([
      "Result of a turn",
      "Transcript of a turn",
      "Diff of a turn",
      "Log of a turn",
    ]);
    const tools = await client.listTools();
    if (mode !== "legacy") expect(tools).toMatchObject({ ttlMs: 300_000, cacheScope: "private" });
    await client.close();
  });

  it("has prompts that name only tools that there are", async () => {
    const client = await connect("ada", mode);
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual([
      "plan-and-implement",
      "review-changes",
      "fix-tests",
      "second-opinion",
    ]);
    const names = (await client.listTools()).tools.map(({ name }) => name);
    for (const { name, title, arguments: parameters = [] } of prompts) {
      expect(title).toBeTruthy();
      const given = Object.fromEntries(parameters.map((parameter) => [parameter.name, `my-${parameter.name}`]));
      const { messages } = await client.getPrompt({ name, arguments: given });
      const text = JSON.stringify(messages);
      for (const parameter of parameters) expect(text).toContain(`my-${parameter.name}`);
      const called = [...text.matchAll(/\bcall (\w+)/gi)].map(([, tool]) => tool);
      expect(called.length).toBeGreaterThan(0);
      expect(names).toEqual(expect.arrayContaining(called));
    }
    await client.close();
  });
});

async function implement(client: Client): Promise<{ agent_id: string; turn_id: string }> {
  const agent_id = `agent-${crypto.randomUUID()}`;
  const steps = [
    { run: "echo written > file.txt; echo hello from a command" },
    { answer: { integration_notes: "All done." } },
  ];
  const parameters = { agent_id, task: `Write the file. ${script(...steps)}`, target_files: [] };
  const { structuredContent } = await client.callTool({ name: "implement", arguments: parameters });
  expect(structuredContent).toMatchObject({ status: "completed" });
  const { turn_id } = structuredContent as { turn_id: string }; // as every settled turn has it
  return { agent_id, turn_id };
}

async function readText(client: Client, uri: string): Promise<string> {
  const { contents } = await client.readResource({ uri });
  const [content] = contents;
  return content !== undefined && "text" in content ? content.text : "";
}

async function failureOf(client: Client, uri: string): Promise<string> {
  return client.readResource({ uri }).then(
    () => "",
    (error: Error) => error.message,
  );
}
