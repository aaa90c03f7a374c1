// Results that are too long for a client: cut, never silently, and there to be read whole.
import { expect, it } from "vitest";
import { script } from "../support/fake-model/script.ts";
import { connectAs } from "./support/mcp-identity.ts";

const CLIENT_TAKES_CHARS = 150_000;

it("a long answer is cut to what clients take, and read_turn brings it whole", async () => {
  const client = await connectAs(`user-${crypto.randomUUID()}`, { pin: "2026-07-28" });
  const response = Array.from({ length: 20_000 }, (_, n) => `${n} 🙂 "line"`).join("\n");
  const message = `Tell me all. ${script({ answer: { response } })}`;
  const result = await client.callTool({ name: "chat", arguments: { message, wait_seconds: 15 } });
  expect(JSON.stringify(result).length).toBeLessThan(CLIENT_TAKES_CHARS);
  expect(result.structuredContent).toMatchObject({
    status: "completed",
    cut: [{ field: "result.response", total: response.length }],
    next: expect.stringContaining("read_turn"),
  });
  const { turn_id } = result.structuredContent as { turn_id: string }; // as every settled turn has it
  let whole = "";
  for (let offset: number | undefined = 0; offset !== undefined; ) {
    const page = await client.callTool({ name: "read_turn", arguments: { turn_id, offset } });
    expect(JSON.stringify(page).length).toBeLessThan(CLIENT_TAKES_CHARS);
    const { text, next_offset } = page.structuredContent as { text: string; next_offset?: number };
    expect(page.content).toMatchObject([{ text: expect.stringContaining(text.slice(0, 1_000)) }]);
    whole += text;
    offset = next_offset;
  }
  expect(JSON.parse(whole)).toMatchObject({ status: "completed", result: { response } });
  await client.close();
});

it("a part that is short comes in one page, and a page has the size that was asked for", async () => {
  const client = await connectAs(`user-${crypto.randomUUID()}`, { pin: "2026-07-28" });
  const steps = [{ run: "echo written > file.txt" }, { answer: {} }];
  const written = await client.callTool({
    name: "implement",
    arguments: { task: `Write. ${script(...steps)}`, target_files: [], wait_seconds: 15 },
  });
  const { turn_id } = written.structuredContent as { turn_id: string }; // as every settled turn has it
  const read = async (parameters: object) =>
    (await client.callTool({ name: "read_turn", arguments: { turn_id, ...parameters } })).structuredContent;
  const diff = await read({ part: "diff" });
  expect(diff).toMatchObject({ text: expect.stringMatching(/^\+written$/m) });
  expect(diff).not.toHaveProperty("next_offset");
  expect(await read({ part: "diff", limit: 5 })).toMatchObject({ text: "diff ", next_offset: 5 });
  expect(await read({ part: "diff", offset: 1_000_000 })).toMatchObject({ text: "" });
  expect(await read({ part: "log" })).toMatchObject({ text: expect.stringContaining("The turn is completed") });
  await client.close();
});
