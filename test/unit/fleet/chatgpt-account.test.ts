import { describe, expect, it } from "vitest";
import { readRoute } from "../../../src/fleet/chatgpt-account.ts";

const OFFICIAL = "https://chatgpt.com/backend-api";
const PROXY = "https://proxy.example/openai/backend-api";

function answer(account: object) {
  return {
    accounts: [
      { id: "other", workspace_backend_origin: "https://eu.chatgpt.com" },
      { id: "acc-1", ...account },
    ],
  };
}

describe("where an account's requests go", () => {
  it.each([
    ["https://chatgpt.com", OFFICIAL],
    ["https://us.chatgpt.com", "https://us.chatgpt.com/backend-api"],
    ["https://workspace.eu.chatgpt.com", "https://workspace.eu.chatgpt.com/backend-api"],
    ["https://api.openai.com", "https://api.openai.com/backend-api"],
    ["https://us.chatgpt.com/elsewhere", "https://us.chatgpt.com/backend-api"],
    ["http://us.chatgpt.com", OFFICIAL],
    ["https://us.chatgpt.com:8443", OFFICIAL],
    ["https://evil.example", OFFICIAL],
    ["https://chatgpt.com.evil.example", OFFICIAL],
    ["https://evilchatgpt.com", OFFICIAL],
    ["https://chatgpt.com@evil.example", OFFICIAL],
    ["https://evil.example/chatgpt.com", OFFICIAL],
    ["//evil.example", OFFICIAL],
    ["javascript:alert(1)", OFFICIAL],
    ["", OFFICIAL],
    [null, OFFICIAL],
  ])("with the origin %j", (workspace_backend_origin, base_url) => {
    expect(readRoute(answer({ workspace_backend_origin }), "acc-1", OFFICIAL).base_url).toBe(base_url);
  });

  it("is always the proxy where one was configured", () => {
    const told = answer({ workspace_backend_origin: "https://us.chatgpt.com" });
    expect(readRoute(told, "acc-1", PROXY).base_url).toBe(PROXY);
  });

  it("is the usual place for an account that is not in the answer", () => {
    expect(readRoute(answer({}), "acc-2", OFFICIAL)).toEqual({ base_url: OFFICIAL, routing_override: null });
  });
});

it.each([
  ["NO_CONSTRAINT", null],
  ["us", "us"],
  ["us_cr", "us_cr"],
  [undefined, null],
  ["us\r\nx-evil: 1", null],
  [5, null],
])("takes the routing override %j for %j", (account_routing_override, routing_override) => {
  expect(readRoute(answer({ account_routing_override }), "acc-1", OFFICIAL)).toMatchObject({ routing_override });
});

it.each([null, {}, { accounts: "none" }, { accounts: [{ name: "x" }] }])("does not take %j for an answer", (json) => {
  expect(() => readRoute(json, "acc-1", OFFICIAL)).toThrow();
});
