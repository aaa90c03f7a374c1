// The daily clean-up of OAuth's records.
import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import worker from "../../src/index.ts";
import { Browser, TEAM } from "./support/browser.ts";
import { listTools, OAuthClient } from "./support/oauth-client.ts";

it("clears away a token whose grant is gone, and leaves what is in use", async () => {
  const browser = new Browser(TEAM);
  const userId = await browser.signInAsSomebody();
  const { access_token } = await (await OAuthClient.register(TEAM)).connect(browser);
  const orphan = `token:${userId}:gone:0123`;
  await env.OAUTH_KV.put(orphan, JSON.stringify({ id: "0123", grantId: "gone", userId, createdAt: 1, expiresAt: 2 }));
  for (let run = 0; run === 0 || (await env.OAUTH_KV.get("purge-cursor")) !== null; run++)
    await worker.scheduled(createScheduledController(), env);
  expect(await env.OAUTH_KV.get(orphan)).toBeNull();
  expect((await listTools(access_token, "/mcp", TEAM)).status).toBe(200);
});
