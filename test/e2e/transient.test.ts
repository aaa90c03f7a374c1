// PERSISTENT_MODE=false: of a turn only its result and the conversation are left.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DevServer } from "../support/dev-server.ts";
import { type FakeModel, startFakeModel } from "../support/fake-model/fake-model.ts";
import { type Step, script } from "../support/fake-model/script.ts";
import { completed, connectV1, type TestClient } from "./clients.ts";

let model: FakeModel;
let server: DevServer;
let client: TestClient;

beforeAll(async () => {
  model = await startFakeModel();
  const env = { OPENAI_BASE_URL: model.url, PERSISTENT_MODE: "false", CODEX_APPROVAL_MODE: "auto" };
  server = await DevServer.start({ env });
  client = await connectV1(server);
});

afterAll(async () => {
  await client?.close();
  await server?.stop();
  await model?.close();
});

it("ends the container after each turn with all that is on its disk, and keeps the conversation", async () => {
  const first = completed(await implement("Write a file.", { run: "echo one > a.txt" }));
  expect(first.evidence.changed_files).toEqual([expect.objectContaining({ path: "a.txt" })]);
  await expect.poll(() => readdirSync(join(server.scratch.stateDir, "agents")), { timeout: 5_000 }).toEqual([]);
  const second = completed(await implement("Look for it.", { run: "cat a.txt" }));
  expect(second.evidence.commands).toEqual([expect.objectContaining({ exit_code: 1 })]);
  expect(second.conversation_id).toBe(first.conversation_id);
  expect(JSON.stringify(model.requests.at(-1)?.body)).toContain("Write a file.");
  const headers = { authorization: `Bearer ${server.token}` };
  const list = await fetch(`${server.url}/tools/list_checkpoints`, { headers });
  expect(await list.json()).toEqual({ agent_id: "default", checkpoints: [] });
});

function implement(task: string, ...steps: Step[]) {
  const answer = { answer: { summary: "Done.", changes: [], tests_added: [], notes: [] } };
  return client.call("implement", { task: `${task} ${script(...steps, answer)}`, target_files: [] });
}
