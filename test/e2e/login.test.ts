// `npm run login` as a user runs it, with a fake auth server, a server that takes the login, and a test for a browser.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "../../src/cli/dev/ports.ts";
import { makeScratchDir } from "../support/app-server-driver.ts";
import { type StartedAccounts, startFakeAccounts } from "../support/fake-accounts/start.ts";

const ENTRY = resolve(import.meta.dirname, "../../src/cli/login/main.ts");
const TOKEN = "token-of-the-admin";

interface Received {
  path: string;
  authorization: string | undefined;
  body: Record<string, unknown>;
}

let fake: StartedAccounts;
let home: string;
let received: Received[];
let answers: Record<string, { status: number; body: object }>;
let server: Server;
let serverUrl: string;

beforeAll(async () => {
  fake = await startFakeAccounts();
  server = createServer(async (request, response) => {
    const path = request.url ?? "";
    const body = JSON.parse((await text(request)) || "{}");
    received.push({ path, authorization: request.headers.authorization, body });
    const { status, body: answer } = answers[path] ?? { status: 200, body: {} };
    const location = status === 307 ? { location: `${fake.authUrl}/stolen` } : {};
    response.writeHead(status, { "content-type": "application/json", ...location }).end(JSON.stringify(answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  serverUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server that listens has one
});

afterAll(() => {
  fake.close();
  server.close();
  server.closeAllConnections();
});

beforeEach(() => {
  home = makeScratchDir("login-");
  received = [];
  answers = {};
});

afterEach(() => rmSync(home, { recursive: true }));

/** Runs it to its end. `onLine` gets each line as it is printed. */
async function login(args: string[], env: Record<string, string> = {}, onLine: (line: string) => void = () => {}) {
  const child = spawn(process.execPath, [ENTRY, ...args], {
    cwd: home,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: home,
      OPENAI_AUTH_URL: fake.authUrl,
      OAUTH_AUTO_OPEN_BROWSER: "false",
      SERVER_TOKEN: TOKEN,
      ...env,
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      for (const line of chunk.split("\n")) onLine(line);
    });
  }
  const [code] = await once(child, "close");
  return { code, output };
}

function writeAuth(content: object, path = join(home, ".codex", "auth.json")): string {
  mkdirSync(resolve(path, ".."), { recursive: true });
  writeFileSync(path, JSON.stringify(content));
  return path;
}

describe("with the URL of a server", () => {
  it("sends it the login of this machine's Codex, and warns of using it any longer", async () => {
    const authJson = fake.accounts.add().authJson();
    const path = writeAuth(authJson);
    const { code, output } = await login([serverUrl]);
    expect(code).toBe(0);
    const authorization = `Bearer ${TOKEN}`;
    expect(received).toEqual([{ path: "/account/credentials/chatgpt", authorization, body: authJson }]);
    expect(output).toContain(`Do not use ${path} any more`);
    expect(output).not.toMatch(/eyJ|rt\.|token-of/);
  });

  it.each(["CODEX_AUTH_DIR", "OAUTH_TOKEN_STORAGE_PATH", "CODEX_HOME", "USERPROFILE", "--file"])(
    "finds the login where %s says",
    async (where) => {
      const authJson = fake.accounts.add().authJson();
      const path = writeAuth(authJson, join(home, "elsewhere", ".codex", "auth.json"));
      const directory = resolve(path, "..");
      const values = { OAUTH_TOKEN_STORAGE_PATH: path, USERPROFILE: join(home, "elsewhere") };
      const env = where === "--file" ? {} : { [where]: values[where as keyof typeof values] ?? directory };
      const { code } = await login(where === "--file" ? [serverUrl, "--file", path] : [serverUrl], env);
      expect([code, received[0]?.body]).toEqual([0, authJson]);
    },
  );

  it("sends an API key where the file holds one", async () => {
    writeAuth({ auth_mode: "apikey", OPENAI_API_KEY: "sk-12345678" });
    expect((await login([serverUrl])).code).toBe(0);
    expect(received).toMatchObject([{ path: "/account/credentials/api-key", body: { api_key: "sk-12345678" } }]);
  });

  it("makes a login in the browser where there is none, and keeps nothing of it", async () => {
    const account = fake.accounts.add();
    const port = await freePort();
    const { code, output } = await login([serverUrl], { OAUTH_CALLBACK_PORT: String(port) }, (line) => {
      if (line.startsWith(fake.authUrl)) void fetch(fake.accounts.agree(line, account));
    });
    expect([code, output]).toEqual([0, expect.stringContaining("nothing of it is kept on this machine")]);
    expect(received).toMatchObject([{ body: { auth_mode: "chatgpt", tokens: { account_id: account.id } } }]);
    expect(output).not.toMatch(/eyJ|rt\./);
    expect(existsSync(join(home, ".codex"))).toBe(false);
  });

  it("lets the server make the login itself with a device code", async () => {
    const device = { user_code: "ABCD-1234", verification_url: "https://auth.example/codex/device", interval_s: 0.1 };
    answers = {
      "/account/credentials/chatgpt/device": { status: 200, body: device },
      "/account/credentials/chatgpt/device/poll": { status: 200, body: { status: "pending" } },
    };
    const { code, output } = await login([serverUrl, "--device"], {}, () => {
      setTimeout(() => {
        answers["/account/credentials/chatgpt/device/poll"] = { status: 200, body: { status: "connected" } };
      }, 300);
    });
    expect(code).toBe(0);
    expect(output).toContain("ABCD-1234");
    expect(output).toContain("nothing of it is on this machine");
  });

  it("says what the server says where it refuses", async () => {
    writeAuth(fake.accounts.add().authJson());
    const error = { code: "misconfigured", message: "ENCRYPTION_KEY is not set." };
    answers = { "/account/credentials/chatgpt": { status: 503, body: { status: "failed", error } } };
    expect(await login([serverUrl])).toMatchObject({
      code: 1,
      output: expect.stringMatching(/503.*ENCRYPTION_KEY is not set/),
    });
  });

  it("sends the login nowhere else, whatever the server says", async () => {
    const account = fake.accounts.add();
    writeAuth(account.authJson());
    answers = { "/account/credentials/chatgpt": { status: 307, body: {} } };
    expect(await login([serverUrl])).toMatchObject({ code: 1, output: expect.stringContaining("leads elsewhere") });
    expect(received).toHaveLength(1);
  });

  it.each([
    ["http://codex.example.com", {}, "Use https"],
    ["codex.example.com", {}, "no http or https URL"],
    ["SERVER", { SERVER_TOKEN: "" }, "Set SERVER_TOKEN"],
    ["SERVER", { OAUTH_CALLBACK_TIMEOUT: "soon" }, 'OAUTH_CALLBACK_TIMEOUT="soon" is not allowed'],
    ["SERVER", { SERVER_TOKEN: "two words" }, "SERVER_TOKEN=(hidden) is not allowed"],
    ["SERVER --file nowhere.json", {}, "nowhere.json: It is not there"],
    ["SERVER --browser --device", {}, "Too many arguments"],
  ])("refuses %s with %j, and says why", async (args, env, said) => {
    writeAuth(fake.accounts.add().authJson());
    const { code, output } = await login(args.replace("SERVER", serverUrl).split(" "), env);
    expect([code, output]).toEqual([1, expect.stringContaining(said)]);
    expect(received).toEqual([]);
  });
});

describe("without a URL", () => {
  it("logs this machine in, with a file for its owner's eyes only", async () => {
    const account = fake.accounts.add();
    const path = join(home, "mine", "auth.json");
    const env = { OAUTH_TOKEN_STORAGE_PATH: path };
    const { code, output } = await login(["--device"], env, (line) => {
      const [, userCode] = /code: (\S+)/.exec(line) ?? [];
      if (userCode !== undefined) fake.accounts.approve(userCode, account);
    });
    expect([code, output]).toEqual([0, expect.stringContaining(path)]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ tokens: { account_id: account.id } });
    expect(await login([], env)).toMatchObject({ code: 0, output: expect.stringContaining("There is a login in") });
  });

  it("takes no code that belongs to another login", async () => {
    const port = await freePort();
    const env = { OAUTH_CALLBACK_PORT: String(port), OAUTH_CALLBACK_TIMEOUT: "10" };
    const account = fake.accounts.add();
    let foreign: number | undefined;
    const { code } = await login(["--browser"], env, (line) => {
      if (!line.startsWith(fake.authUrl)) return;
      const back = fake.accounts.agree(line, account);
      void fetch(back.replace(/state=[^&]*/, "state=foreign")).then(async ({ status }) => {
        foreign = status;
        await fetch(back);
      });
    });
    expect([code, foreign]).toEqual([0, 404]);
  });

  it("explains itself", async () => {
    expect(await login(["--help"])).toMatchObject({ code: 0, output: expect.stringContaining("--device") });
  });
});
