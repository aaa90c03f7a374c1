import { describe, expect, it } from "vitest";
import { CODEX_CLIENT_ID, readAuthFile } from "../../../src/lib/auth-file.ts";

const claims = (value: object): string => `e30.${btoa(JSON.stringify(value))}.sig`;
const TOKEN = claims({ "https://api.openai.com/auth": { chatgpt_account_id: "acc-of-token" } });
const TOKENS = { access_token: TOKEN, refresh_token: "rt.secret", account_id: "acc-1" };

describe("an auth.json", () => {
  it("with a ChatGPT login gives its tokens and account, as text or parsed", () => {
    const login = { access_token: TOKEN, refresh_token: "rt.secret", id_token: null, account_id: "acc-1" };
    for (const file of [{ tokens: TOKENS }, JSON.stringify({ auth_mode: "chatgpt", tokens: TOKENS })]) {
      expect(readAuthFile(file)).toEqual({ method: "oauth", login: { ...login, client_id: CODEX_CLIENT_ID } });
    }
  });

  it("with an API key gives the key", () => {
    const file = { auth_mode: "apikey", OPENAI_API_KEY: "sk-12345678", tokens: null };
    expect(readAuthFile(file)).toEqual({ method: "api_key", api_key: "sk-12345678" });
  });

  it.each([
    ["its own field", { ...TOKENS }, "acc-1"],
    ["its id token", { ...TOKENS, account_id: null, id_token: TOKEN, access_token: "opaque" }, "acc-of-token"],
    ["its access token", { access_token: TOKEN }, "acc-of-token"],
  ])("has its account from %s", (_, tokens, account_id) => {
    expect(readAuthFile({ tokens })).toMatchObject({ login: { account_id } });
  });

  it("tells the client that its refresh token is bound to", () => {
    const tokens = { ...TOKENS, oauth_provenance: { issuer: "https://auth.openai.com", client_id: "app_other" } };
    expect(readAuthFile({ tokens })).toMatchObject({ login: { client_id: "app_other" } });
  });

  it.each([
    ["not JSON", "{secret", "not a JSON object"],
    ["a list", ["secret"], "not a JSON object"],
    ["null", null, "not a JSON object"],
    ["empty", {}, 'neither "tokens" nor "OPENAI_API_KEY"'],
    ["logged out", { OPENAI_API_KEY: null, tokens: null }, "log in with Codex first"],
    ["without an access token", { tokens: { refresh_token: "secret" } }, '"tokens.access_token" is missing'],
    ["with a number for a token", { tokens: { access_token: 5 } }, '"tokens.access_token" is missing or no token'],
    ["with a token that would split a header", { tokens: { access_token: "a\r\nb: secret" } }, "tokens.access_token"],
    ["with a text for tokens", { tokens: "secret" }, '"tokens" is missing or no token'],
    ["of no account", { tokens: { access_token: "secret" } }, "names no ChatGPT account"],
    ["of an odd account", { tokens: { access_token: "secret", account_id: "a b" } }, "names no ChatGPT account"],
  ])("that is %s is refused with what is wrong, and nothing of it is repeated", (_, file, problem) => {
    expect(() => readAuthFile(file)).toThrow(problem);
    expect(() => readAuthFile(file)).not.toThrow("secret");
  });
});
