// .dev.vars and its example, as the dev server reads them.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ContainerLimits } from "../../src/cli/deploy/instance-type.ts";
import { findCredential } from "../../src/cli/dev/credential.ts";
import { devToken, encryptionKey } from "../../src/cli/dev/kept-secret.ts";
import { DevSettings, readSettings } from "../../src/cli/dev/settings.ts";
import { LoginSettings } from "../../src/cli/login/settings.ts";
import { Config } from "../../src/config.ts";
import { makeScratchDir } from "../support/app-server-driver.ts";

const EXAMPLE = readFileSync(resolve(import.meta.dirname, "../../.dev.vars.example"), "utf8");

let directory: string;

beforeEach(() => {
  directory = makeScratchDir("settings-");
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

it("names every user setting once in the example, each with a comment", () => {
  const internal = ["PROCESS_HOST_URL", "PROCESS_HOST_TOKEN", "LOCAL_LOGIN_URL", "LOCAL_LOGIN_TOKEN"];
  const known = [Config, DevSettings, LoginSettings, ContainerLimits].flatMap(({ shape }) => Object.keys(shape));
  const named = [...EXAMPLE.matchAll(/^# [^=\n]*[.:)]\n(?:# )?([A-Z_]+)=.*$/gm)].map(([, name]) => name);
  expect(named.sort()).toEqual([...new Set(known)].filter((name) => !internal.includes(name)).sort());
});

it("takes an unchanged copy of the example for no settings at all", () => {
  const without = readSettings(directory, {});
  writeVars(EXAMPLE);
  expect(readSettings(directory, {})).toEqual(without);
});

it("shows the real defaults in the example", () => {
  const { worker: none, ...without } = readSettings(directory, {});
  writeVars(EXAMPLE.replaceAll(/^# (?=[A-Z_]+=)/gm, ""));
  const { worker, ...uncommented } = readSettings(directory, {});
  expect(Object.keys(worker)).toContain("TURN_WAIT_SECONDS");
  expect(uncommented).toEqual(without);
  expect(Config.parse(worker)).toEqual(Config.parse(none));
});

it("reads .dev.vars, and lets the environment win over it", () => {
  writeVars("PORT=9001\nLOG_LEVEL=DEBUG\nCODEX_MODEL=\n");
  const settings = readSettings(directory, { LOG_LEVEL: "ERROR", PORT: "" });
  expect(settings).toMatchObject({ PORT: 9001, worker: { LOG_LEVEL: "ERROR" } });
  expect(settings.worker).not.toHaveProperty("CODEX_MODEL");
});

it("names the bad variable of .dev.vars", () => {
  writeVars("SESSION_TIMEOUT=soon\n");
  expect(() => readSettings(directory, {})).toThrow(
    'SESSION_TIMEOUT="soon" is not allowed: it must be a whole number from 10 to 604800.',
  );
});

it("takes paths relative to where it is started, and ~ for the home directory", () => {
  expect(readSettings(directory, { STATE_DIR: "here" }).STATE_DIR).toBe(join(directory, "here"));
  expect(readSettings(directory, { STATE_DIR: "~/there" }).STATE_DIR).toBe(join(homedir(), "there"));
});

it("keeps its token from one start to the next, readable by its owner only", () => {
  const token = devToken(directory);
  expect(token).toMatch(/^[\w-]{32,}$/);
  expect(devToken(directory)).toBe(token);
  writeFileSync(join(directory, "dev-token"), "not a token\n");
  expect(devToken(directory)).not.toBe("not a token");
});

it("keeps its encryption key as well, so that what was stored can be read after the next start", () => {
  const key = encryptionKey(directory);
  expect(Config.shape.ENCRYPTION_KEY.safeParse(key)).toMatchObject({ success: true, data: [{ id: "dev" }] });
  expect(encryptionKey(directory)).toBe(key);
});

it.each([
  [{}, "login", "ChatGPT login from FILE"],
  [{ OPENAI_API_KEY: "sk-12345678" }, "login", "ChatGPT login from FILE"],
  [{ OPENAI_API_KEY: "sk-12345678", CODEX_PREFER_OAUTH: "false" }, "login", "API key from OPENAI_API_KEY"],
  [{ OPENAI_API_KEY: "sk-12345678", CODEX_AUTH_METHOD: "api_key" }, "login", "API key from OPENAI_API_KEY"],
  [{ CODEX_AUTH_METHOD: "api_key" }, "login", "none (no OPENAI_API_KEY, CODEX_AUTH_METHOD=api_key rules out FILE)"],
  [{}, "key", "API key from FILE"],
  [{ OPENAI_API_KEY: "sk-12345678" }, "key", "API key from OPENAI_API_KEY"],
  [{ CODEX_AUTH_METHOD: "oauth" }, "key", "none (no OPENAI_API_KEY, CODEX_AUTH_METHOD=oauth rules out FILE)"],
])("with %j and an auth.json with a %s uses: %s", (worker, what, description) => {
  const tokens = { access_token: "opaque", refresh_token: "rt.1", account_id: "acc-1" };
  const path = join(directory, "auth.json");
  writeFileSync(path, JSON.stringify(what === "login" ? { tokens } : { OPENAI_API_KEY: "sk-of-the-file" }));
  expect(findCredential(worker, path).description).toContain(description.replace("FILE", path));
});

it.each([
  { what: "a login of nobody", content: '{"tokens":{"access_token":"secret"}}', said: "names no ChatGPT account" },
  { what: "broken JSON", content: '{"OPENAI_API_KEY": "sk-secret', said: "is not a JSON object" },
  { what: "JSON of another kind", content: '["secret"]', said: "is not a JSON object" },
  { what: "no key", content: '{"OPENAI_API_KEY":null}', said: "log in with Codex first" },
  { what: "something short for a key", content: '{"OPENAI_API_KEY":"secret"}', said: "no OpenAI API key" },
])("says what is wrong with an auth.json that holds $what, and does not repeat it", ({ content, said }) => {
  writeFileSync(join(directory, "auth.json"), content);
  const { apiKey, loginFile, description } = findCredential({}, join(directory, "auth.json"));
  expect([apiKey, loginFile]).toEqual([undefined, undefined]);
  expect(description).toMatch(new RegExp(`^none \\(.*${directory}/auth\\.json.*${said}.*\\)\\. Run .npm run login`));
  expect(description).not.toContain("secret");
});

function writeVars(content: string): void {
  writeFileSync(join(directory, ".dev.vars"), content);
}
