// Approvals as users of the official clients meet them: the client puts the question to its user while the call waits.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DevServer } from "../support/dev-server.ts";
import { type FakeModel, startFakeModel } from "../support/fake-model/fake-model.ts";
import { script } from "../support/fake-model/script.ts";
import { type Answer, CLIENTS, type Form, type FormAnswer, type McpClient } from "../support/mcp-clients.ts";
import { request2026 } from "../support/mcp-wire.ts";

let model: FakeModel;
let server: DevServer;

beforeAll(async () => {
  model = await startFakeModel();
  server = await DevServer.start({ env: { OPENAI_BASE_URL: model.url, CODEX_APPROVAL_MODE: "suggest" } });
});

afterAll(async () => {
  await server?.stop();
  await model?.close();
});

const ACCEPT: FormAnswer = { action: "accept", content: { decision: "accept" } };

describe.each(CLIENTS)("$client", ({ client: name, connect }) => {
  const agent_id = `approvals-${name.replace(/\W+/g, "-")}`;

  it("asks its user, and what is accepted is carried out", async () => {
    const { forms, client } = await connected(() => ACCEPT);
    const answer = await client.call("implement", work(agent_id, "accepted.txt"));
    expect(forms).toEqual([
      expect.stringMatching(new RegExp(`agent ${agent_id} asks[\\s\\S]*change accepted.txt[\\s\\S]*\\+hello`)),
    ]);
    expect(answer.structuredContent).toMatchObject({
      status: "completed",
      evidence: {
        changed_files: [{ path: "accepted.txt", action: "create" }],
        approvals: [{ decision: "accept", by: "person" }],
      },
    });
    await client.close();
  });

  it("asks again for each thing that waits", async () => {
    const { forms, client } = await connected(() => ACCEPT);
    const { structuredContent } = await client.call(
      "implement",
      work(agent_id, "first.txt", "second.txt", "third.txt"),
    );
    expect(structuredContent.status).toBe("completed");
    expect(forms.map((message) => /change (\S+):/.exec(message)?.[1])).toEqual([
      "first.txt",
      "second.txt",
      "third.txt",
    ]);
    await client.close();
  });

  it("gets the turn back after six questions, and goes on with it by get_turn", async () => {
    const { forms, client } = await connected(() => ACCEPT);
    const files = Array.from({ length: 8 }, (_, n) => `many-${n}.txt`);
    const answer = await client.call("implement", work(agent_id, ...files));
    const { status, turn_id } = answer.structuredContent;
    expect([status, forms.length]).toEqual(["awaiting_approval", 6]);
    const followed = await client.call("get_turn", { agent_id, turn_id, wait_seconds: 20 });
    expect([followed.structuredContent.status, forms.length]).toEqual(["completed", 8]);
    await client.close();
  });

  it("takes a declined form for a no, and the turn goes on", async () => {
    const { forms, client } = await connected(() => ({ action: "decline" }));
    const answer = await client.call("implement", work(agent_id, "declined.txt"));
    expect(answer.structuredContent).toMatchObject({
      status: "completed",
      evidence: { changed_files: [], approvals: [{ decision: "decline", by: "person" }] },
    });
    expect(forms).toHaveLength(1);
    await client.close();
  });

  it.each<[string, FormAnswer]>([
    ["dismissed", { action: "cancel" }],
    ["filled in with nonsense", { action: "accept", content: { decision: "whatever" } }],
  ])("leaves the decision to others when its form is %s, and does not ask twice", async (fate, formAnswer) => {
    const { forms, client } = await connected(() => formAnswer);
    const answer = await client.call("implement", work(agent_id, `${fate.replaceAll(" ", "-")}.txt`));
    expect(answer.structuredContent).toMatchObject({ status: "awaiting_approval" });
    expect(forms).toHaveLength(1);
    await decide(client, answer, "decline");
    await client.close();
  });

  it("gets the question in its result where it cannot ask anybody", async () => {
    const client = await connect(server);
    const answer = await client.call("implement", work(agent_id, "unasked.txt"));
    expect(answer.structuredContent).toMatchObject({
      status: "awaiting_approval",
      approvals: [
        {
          kind: "file_change",
          paths: ["unasked.txt"],
          for_session: "change of unasked.txt",
          url: expect.stringContaining(`${server.url}/approvals/${agent_id}/turn_`),
        },
      ],
      next: expect.stringContaining("answer_approval"),
    });
    await decide(client, answer, "accept");
    await client.close();
  });

  it("sees what somebody else decided while its user was asked", async () => {
    const other = await connect(server);
    const { client } = await connected(async ({ signal }) => {
      const call = await other.call("implement", { ...work(agent_id, "other.txt"), wait_seconds: 0 });
      await decide(other, call, "accept");
      // A session takes the form back. At 2026-07-28 the user still answers, and comes too late.
      await Promise.race([sleep(3_000), new Promise((resolve) => signal.addEventListener("abort", resolve))]);
      return { action: "decline" };
    });
    const { structuredContent } = await client.call("implement", work(agent_id, "other.txt"));
    expect(structuredContent).toMatchObject({
      status: "completed",
      evidence: { changed_files: [{ path: "other.txt" }], approvals: [{ decision: "accept", by: "person" }] },
    });
    await Promise.all([client.close(), other.close()]);
  });

  it("is asked at two clients at once: the first answer counts, and both get the result", async () => {
    const [here, there] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const one = await connected(async () => {
      here.resolve();
      await there.promise;
      return ACCEPT;
    });
    const two = await connected(async ({ signal }) => {
      there.resolve();
      await here.promise;
      // Too late: the other one has answered by then, and a session takes the form back.
      await Promise.race([sleep(3_000), new Promise((resolve) => signal.addEventListener("abort", resolve))]);
      return { action: "decline" };
    });
    const answers = await Promise.all(
      [one, two].map(({ client }) => client.call("implement", work(agent_id, "two.txt"))),
    );
    for (const { structuredContent } of answers) {
      expect(structuredContent).toMatchObject({
        status: "completed",
        evidence: { changed_files: [{ path: "two.txt" }], approvals: [{ decision: "accept", by: "person" }] },
      });
    }
    expect([one.forms.length, two.forms.length]).toEqual([1, 1]);
    await Promise.all([one.client.close(), two.client.close()]);
  });

  it("does not ask again for what was accepted for the session, until that is taken back", async () => {
    const { forms, client } = await connected(() => ({
      action: "accept",
      content: { decision: "accept_for_session" },
    }));
    const again = { conversation_id: "new", ...work(agent_id, "session.txt") };
    await client.call("implement", again);
    await client.call("implement", { ...again, request_id: "second" });
    expect(forms).toHaveLength(1);
    const status = await client.call("get_agent_status", { agent_id });
    expect(status.structuredContent.session_grants).toEqual(["change of session.txt"]);
    const revoked = await client.call("revoke_grants", { agent_id });
    expect(revoked.structuredContent).toEqual({ revoked: ["change of session.txt"] });
    await client.call("implement", { ...again, request_id: "third" });
    expect(forms).toHaveLength(2);
    await client.call("revoke_grants", { agent_id });
    await client.close();
  });

  async function connected(user: (form: Form) => FormAnswer | Promise<FormAnswer>) {
    const forms: string[] = [];
    const client = await connect(server, async (form) => {
      forms.push(form.message);
      return user(form);
    });
    return { forms, client };
  }
});

/** A turn that changes the files one after the other; the same one for the same files. */
function work(agent_id: string, ...files: string[]) {
  const steps = files.map((file) => ({ patch: `*** Begin Patch\n*** Add File: ${file}\n+hello\n*** End Patch\n` }));
  const task = `Write. ${script(...steps, { answer: {} })}`;
  return { agent_id, task, target_files: files, model: "gpt-5.5", request_id: files.join("+") };
}

async function decide(client: McpClient, asked: Answer, decision: string): Promise<void> {
  const { agent_id, turn_id, approvals } = asked.structuredContent;
  const approval_id = approvals?.[0]?.approval_id;
  const answer = await client.call("answer_approval", { agent_id, turn_id, approval_id, decision });
  expect(answer.isError).not.toBe(true);
  const settled = await client.call("get_turn", { agent_id, turn_id, wait_seconds: 20 });
  expect(settled.structuredContent.status).toBe("completed");
}

describe("a task", () => {
  const TASKS = { extensions: { "io.modelcontextprotocol/tasks": {} } };
  const agent_id = "approvals-tasks";

  it("asks by what it looks like, and goes on with the answer", async () => {
    const { taskId, get } = await startTask("task.txt", { ...TASKS, elicitation: { form: {} } });
    await expect.poll(async () => (await get()).status, { timeout: 15_000 }).toBe("input_required");
    const { inputRequests } = await get();
    const [[key, request] = ["", null]] = Object.entries(Object(inputRequests));
    expect(request).toMatchObject({
      method: "elicitation/create",
      params: { message: expect.stringContaining("task.txt") },
    });
    const inputResponses = { [key]: ACCEPT, approval_0: ACCEPT };
    const updated = await ask("tasks/update", { taskId, inputResponses }, TASKS);
    expect(updated.result).toMatchObject({ resultType: "complete" });
    await expect.poll(async () => (await get()).status, { timeout: 15_000 }).toBe("completed");
    expect(await get()).toMatchObject({
      result: { structuredContent: { evidence: { changed_files: [{ path: "task.txt" }] } } },
    });
  });

  it("says what it waits for where its client cannot ask", async () => {
    const { get } = await startTask("mute-task.txt", TASKS);
    await expect.poll(async () => (await get()).statusMessage, { timeout: 15_000 }).toContain("answer_approval");
    expect(await get()).toMatchObject({ status: "working" });
  });

  async function startTask(file: string, capabilities: Record<string, unknown>) {
    const { result } = await ask("tools/call", { name: "implement", arguments: work(agent_id, file) }, capabilities);
    const taskId = result?.taskId;
    const get = async () => (await ask("tasks/get", { taskId }, capabilities)).result ?? {};
    return { taskId, get };
  }

  function ask(method: string, params: Record<string, unknown>, capabilities: Record<string, unknown>) {
    const withToken = (_: string | URL, init?: RequestInit): Promise<Response> => {
      const headers = new Headers(init?.headers);
      headers.set("authorization", `Bearer ${server.token}`);
      return fetch(`${server.url}/mcp`, { ...init, headers });
    };
    return request2026(withToken, method, params, capabilities);
  }
});
