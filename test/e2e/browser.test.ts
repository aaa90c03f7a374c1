// The whole dance with a real browser: an app asks, its user signs in and agrees, the app works, and is shown out again.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import * as z from "zod";
import { freePort } from "../../src/cli/dev/ports.ts";
import { flawsOf, launchChromium, photograph } from "../support/chromium.ts";
import { DevServer } from "../support/dev-server.ts";
import { type FakeModel, startFakeModel } from "../support/fake-model/fake-model.ts";
import { script } from "../support/fake-model/script.ts";
import { OIDC_CLIENT } from "../support/identity-clients.ts";
import { DesktopApp } from "../support/mcp-oauth-client.ts";
import { startOidcProvider } from "../support/oidc-provider.ts";

let model: FakeModel;
let provider: Awaited<ReturnType<typeof startOidcProvider>>;
let server: DevServer;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** What the browser has found fault with: blocked by our own policy, or an error of a script. */
let complaints: string[];

beforeAll(async () => {
  browser = await launchChromium();
  model = await startFakeModel();
  const port = await freePort();
  provider = await startOidcProvider([`http://localhost:${port}/sign-in/oidc/callback`]);
  const oidc = { OIDC_ISSUER: provider.url, OIDC_CLIENT_ID: OIDC_CLIENT.id, OIDC_CLIENT_SECRET: OIDC_CLIENT.secret };
  const env = {
    OPENAI_BASE_URL: model.url,
    CODEX_APPROVAL_MODE: "suggest",
    CODEX_MODEL: "gpt-5.5",
    PORT: String(port),
  };
  server = await DevServer.start({ env: { ...env, ...oidc, ALLOWED_USERS: "ada@example.com" } });
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await provider?.close();
  await model?.close();
});

beforeEach(async () => {
  complaints = [];
  context = await browser.newContext({ viewport: { width: 900, height: 800 } });
  await context.route(isElsewhere, (route) => {
    // The provider's own page asks for a font.
    if (route.request().frame().url().startsWith(server.url)) complaints.push(`loads ${route.request().url()}`);
    return route.abort();
  });
  page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (/Content.Security.Policy|Refused/i.test(message.text())) complaints.push(message.text());
  });
});

afterEach(async () => {
  await context.close();
  expect(complaints).toEqual([]);
});

it("an app is let in with the owner's password, calls a tool, and is out once it is disconnected", async () => {
  const app = await DesktopApp.start("Notebook");
  const connecting = app.connect(new URL(`${server.url}/mcp`));
  await page.goto((await app.opened).href);
  await photograph(page, "sign-in");
  await page.getByLabel("Owner password").fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  expect(await page.getByRole("alert").textContent()).toBe("That is not the password.");
  await photograph(page, "sign-in-wrong");
  await page.getByLabel("Owner password").fill(ownerPassword());
  await page.getByRole("button", { name: "Sign in" }).click();

  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Connect Notebook?");
  expect(await page.textContent("main")).toContain("This gives access to a program on your computer.");
  await photograph(page, "consent");
  await page.getByRole("button", { name: "Allow" }).click();
  await page.waitForURL(/\/callback\?/);
  expect(await page.title()).toBe("Back in the app");

  const client = await connecting;
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toContain("chat");
  const message = `Hello. ${script({ answer: { response: "Hello, Notebook." } })}`;
  const result = await client.callTool({ name: "chat", arguments: { agent_id: "notebook", message } });
  expect(result.structuredContent).toMatchObject({ status: "completed", result: { response: "Hello, Notebook." } });

  await page.goto(`${server.url}/account`);
  await photograph(page, "account");
  await page.getByRole("button", { name: "Disconnect Notebook" }).click();
  expect(await page.textContent("main")).toContain("None yet.");
  await expect(client.listTools()).rejects.toThrow();
  await client.close();
  app.close();
});

it("an app that is refused gets nothing", async () => {
  const app = await DesktopApp.start("Intruder");
  const connecting = app.connect(new URL(`${server.url}/mcp`));
  const outcome = expect(connecting).rejects.toThrow("refused: access_denied");
  await page.goto((await app.opened).href);
  await signInAsOwner();
  await page.getByRole("button", { name: "Deny" }).click();
  await page.waitForURL(/\/callback\?error=access_denied/);
  await outcome;
  app.close();
});

it("a person of the identity provider has an account of their own, and a token for scripts", async () => {
  await page.goto(`${server.url}/account`);
  await page.getByRole("link", { name: /^Continue with 127\.0\.0\.1/ }).click();
  await page.locator('input[name="login"]').fill("ada");
  await page.locator('input[name="password"]').fill("any");
  await page.locator('button[type="submit"]').click();
  await page.locator('button[type="submit"]').click();
  await page.waitForURL(`${server.url}/account`);
  expect(await page.textContent("header")).toContain("ada@example.com");
  await photograph(page, "account-empty");

  await page.getByText("New token").click();
  await page.getByLabel("Name").fill("nightly build");
  await photograph(page, "new-token");
  await page.getByRole("button", { name: "Make token" }).click();
  const token = (await page.locator("#new-token").textContent())?.trim() ?? "";
  await photograph(page, "token-made");
  expect(await statusOf(token)).toBe(200);
  await page.getByRole("button", { name: "Revoke nightly build" }).click();
  expect(await page.textContent("main")).not.toContain("nightly build");
  expect(await statusOf(token)).toBe(401);

  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.waitForURL(/\/sign-in/);
  await page.goto(`${server.url}/account`);
  expect(page.url()).toContain("/sign-in");
});

it("somebody who is not on the list stays outside", async () => {
  await page.goto(`${server.url}/sign-in/oidc`);
  await page.locator('input[name="login"]').fill("mallory");
  await page.locator('input[name="password"]').fill("any");
  await page.locator('button[type="submit"]').click();
  await page.locator('button[type="submit"]').click();
  await page.getByText("mallory@example.com").first().waitFor();
  expect(await page.title()).toContain("Not on the list");
  await photograph(page, "not-listed");
});

it("an approval is looked at and given in the browser", async () => {
  const patch = "*** Begin Patch\n*** Add File: greeting.txt\n+Hello, world.\n+How are you?\n*** End Patch\n";
  const task = `Greet. ${script({ patch }, { answer: { integration_notes: "Done." } })}`;
  const asked = await callTool("implement", { agent_id: "asks", task, target_files: ["greeting.txt"] });
  const { turn_id, approvals } = Asked.parse(asked);
  await page.goto(`${server.url}/approvals/asks/${turn_id}/${approvals[0]?.approval_id}`);
  await signInAsOwner();
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Codex asks to change files");
  await photograph(page, "approval");
  await page.getByRole("button", { name: "Accept", exact: true }).click();
  await page.getByRole("heading", { name: "This is decided" }).waitFor();
  await photograph(page, "approval-given");
  expect(await callTool("get_turn", { agent_id: "asks", turn_id, wait_seconds: 20 })).toMatchObject({
    status: "completed",
  });
});

it("no page is shown in a frame of another site", async () => {
  await page.goto("about:blank");
  await page.setContent(`<iframe src="${server.url}/sign-in"></iframe>`);
  const frame = page.frames()[1];
  await expect.poll(() => frame?.url()).toMatch(/^chrome-error:/);
  complaints = [];
});

it("every page has one heading, labels for its fields, and text that can be read, in light and dark", async () => {
  await page.goto(`${server.url}/account`);
  const sights = async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await flawsOf(page)).toEqual([]);
    }
  };
  await sights();
  await signInAsOwner();
  await page.getByText("New token").click();
  await sights();
  await page.setViewportSize({ width: 360, height: 700 });
  expect(await flawsOf(page)).toEqual([]);
  await photograph(page, "account-phone");
});

const Asked = z.object({
  status: z.literal("awaiting_approval"),
  turn_id: z.string(),
  approvals: z.array(z.object({ approval_id: z.string() })).length(1),
});

function isElsewhere({ hostname }: URL): boolean {
  return hostname !== "localhost" && hostname !== "127.0.0.1";
}

async function signInAsOwner(): Promise<void> {
  await page.getByLabel("Owner password").fill(ownerPassword());
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** As the dev server prints it. */
function ownerPassword(): string {
  const kept = readFileSync(join(server.scratch.stateDir, "owner-password"), "utf8").trim();
  expect(server.output).toContain(kept);
  return kept;
}

async function callTool(name: string, parameters: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" };
  const response = await fetch(`${server.url}/tools/${name}`, {
    method: "POST",
    headers,
    body: JSON.stringify(parameters),
  });
  return response.json();
}

async function statusOf(token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${server.url}/tools/list_sessions`, { headers })).status;
}
