// health_check: it looks for real, and says what is missing.
import { expect, it } from "vitest";
import type { Config } from "../../src/config.ts";
import { connected, deploy, newAccount } from "./support/accounts.ts";
import { chat, directoryOf, look, newUser } from "./support/fleet.ts";
import { lab, upstream } from "./support/lab.ts";

interface Health {
  status: string;
  auth_method: string;
  active_sessions: number;
  checks: { name: string; ok: boolean; detail: string }[];
}

const health = (overrides: Partial<Config> = {}) => look<Health>(newUser(overrides), "health_check");
const failing = ({ checks }: Health): string[] => checks.flatMap(({ name, ok }) => (ok ? [] : [name]));

it("is ok where all that it needs is there, and says what it is", async () => {
  const answer = await health();
  expect(answer).toEqual({
    status: "ok",
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    codex_version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    uptime_seconds: expect.any(Number),
    active_sessions: 0,
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    auth_method: "api_key",
    credential: { method: "api_key", source: "server", problem: null, plan: null, rate_limits: null },
    checks: ["storage", "registry", "container runtime", "model credentials"].map((name) => ({
      name,
      ok: true,
      detail: expect.stringMatching(/\w/),
    })),
    limits: {
      max_concurrent_sessions: 1_000,
      max_sessions_per_user: 1_000,
      max_tokens_per_turn: null,
      max_tokens_per_day: null,
      session_timeout_seconds: 3_600,
      turn_wait_seconds: 45,
      turn_timeout_seconds: 3_600,
      result_ttl_seconds: 604_800,
    },
  });
});

it("tells the version of Codex that the agents really run, and counts the caller's own active ones", async () => {
  const user = newUser();
  const { evidence } = (await chat(user, "a1")) as unknown as { evidence: { codex_version: string } };
  await expect
    .poll(async () => look<Health>(user, "health_check"))
    .toMatchObject({ codex_version: evidence.codex_version, active_sessions: 1 });
  expect((await health()).active_sessions).toBe(0);
});

it("is degraded without a credential, and says which to set", async () => {
  const user = newUser();
  await deploy(directoryOf(user), { OPENAI_API_KEY: "" });
  const answer = await look<Health>(user, "health_check");
  expect(answer).toMatchObject({ status: "degraded", auth_method: "none" });
  expect(failing(answer)).toEqual(["model credentials"]);
  expect(JSON.stringify(answer.checks)).toContain("OPENAI_API_KEY");
});

it("is degraded where the model API cannot be reached", async () => {
  const answer = await health({ OPENAI_BASE_URL: upstream("hangup").baseUrl });
  expect([answer.status, failing(answer)]).toEqual(["degraded", ["model credentials"]]);
});

it("asks the model API for nothing that costs tokens, and shows it no credential", async () => {
  const model = upstream("headers");
  expect((await health({ OPENAI_BASE_URL: model.baseUrl })).status).toBe("ok");
  const requests = await model.requests();
  expect(requests).toMatchObject([{ method: "HEAD", path: "/v1/models", body: "" }]);
  expect(requests[0]?.headers.authorization).toBeUndefined();
});

it("tells what is left of a ChatGPT plan", async () => {
  const user = newUser();
  await connected(await newAccount({ plan: "pro", used_percent: 64 }), user.userId);
  const answer = await look<Health>(user, "health_check");
  expect(answer).toMatchObject({
    status: "ok",
    auth_method: "oauth",
    credential: {
      source: "own",
      plan: "pro",
      rate_limits: { primary: { used_percent: 64, window_minutes: 300, resets_at: "2030-03-17T17:46:40.000Z" } },
    },
  });
  const detail = "ChatGPT pro: 64 % of 5 hours used, resets at 2030-03-17T17:46:40.000Z; 3 % of 7 days used, resets at";
  expect(JSON.stringify(answer.checks)).toContain(detail);
});

it("is degraded where a ChatGPT login has ended, and says what to do", async () => {
  const user = newUser();
  const directory = await connected(
    await newAccount({ access_ttl_s: 60, refresh: "refresh_token_expired" }),
    user.userId,
  );
  await directory.modelCredential();
  const answer = await look<Health>(user, "health_check");
  expect([answer.status, failing(answer)]).toEqual(["degraded", ["model credentials"]]);
  expect(JSON.stringify(answer.checks)).toMatch(/ChatGPT login has ended.*npm run login/);
});

it("is degraded where the process host refuses its token", async () => {
  const answer = await health({ PROCESS_HOST_TOKEN: "x".repeat(64) });
  expect([answer.status, failing(answer)]).toEqual(["degraded", ["container runtime"]]);
});

it("is degraded while the process host is gone, and ok once it is back", async () => {
  await lab.killHost();
  const answer = await health();
  expect([answer.status, failing(answer)]).toEqual(["degraded", ["container runtime"]]);
  await lab.startHost();
  expect((await health()).status).toBe("ok");
});

it("is down where nothing can be stored", async () => {
  const user = newUser();
  const broken = { getByName: () => ({ check: () => Promise.reject(new Error("no storage")) }) };
  const directories = broken as unknown as typeof user.directories; // as much of it as the check uses
  const answer = await look<Health>({ ...user, directories }, "health_check");
  expect([answer.status, failing(answer)]).toEqual(["down", ["storage", "registry", "model credentials"]]);
  expect(JSON.stringify(answer)).not.toContain("no storage");
});
