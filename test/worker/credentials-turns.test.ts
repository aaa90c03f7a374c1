// What a turn of a real Codex says about its credential, from the gateway through Codex and the runner to the caller.
import { expect, it } from "vitest";
import { connected, newAccount } from "./support/accounts.ts";
import { callTool, newUser } from "./support/fleet.ts";

async function chatOf(user: ReturnType<typeof newUser>) {
  const { structured } = await callTool(user, "chat", { message: `Hello ${crypto.randomUUID()}`, agent_id: "a1" });
  return structured;
}

it("fails at once where the ChatGPT login has ended, and says what to do", async () => {
  const user = newUser();
  await connected(await newAccount({ access_ttl_s: 60, refresh: "refresh_token_invalidated" }), user.userId);
  const startedAt = Date.now();
  expect(await chatOf(user)).toMatchObject({
    status: "failed",
    error: { code: "login_needed", message: expect.stringContaining("npm run login"), retryable: false },
  });
  expect(Date.now() - startedAt).toBeLessThan(10_000);
});

it("fails at once where the plan is used up, and says when it is not any more", async () => {
  const user = newUser();
  await connected(await newAccount({ responses: "usage_limit", used_percent: 100 }), user.userId);
  expect(await chatOf(user)).toMatchObject({
    status: "failed",
    error: { code: "usage_limit", message: expect.stringContaining("Wait for its reset at 2030-03-17T17:46:40.000Z") },
  });
});

it("fails with what ChatGPT's refusal is, where it is in ChatGPT's own form", async () => {
  const user = newUser();
  await connected(await newAccount({ responses: "detail" }), user.userId);
  expect(await chatOf(user)).toMatchObject({ status: "failed", error: { code: "model_refused" } });
});
