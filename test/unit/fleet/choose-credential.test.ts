import { expect, it } from "vitest";
import { type Available, chooseCredential } from "../../../src/fleet/choose-credential.ts";

const SETTINGS = {
  default: { CODEX_AUTH_METHOD: "auto", CODEX_PREFER_OAUTH: true },
  "key first": { CODEX_AUTH_METHOD: "auto", CODEX_PREFER_OAUTH: false },
  "keys only": { CODEX_AUTH_METHOD: "api_key", CODEX_PREFER_OAUTH: true },
  "ChatGPT only": { CODEX_AUTH_METHOD: "oauth", CODEX_PREFER_OAUTH: false },
} as const;

/** Own login, own key, the server's login, the server's key. */
function available([ownLogin, ownKey, login, key]: readonly boolean[]): Available {
  return {
    own: { oauth: ownLogin === true, api_key: ownKey === true },
    server: { oauth: login === true, api_key: key === true },
  };
}

it.each([
  ["default", [true, true, true, true], "own oauth"],
  ["default", [false, true, true, true], "own api_key"],
  ["default", [false, false, true, true], "server oauth"],
  ["default", [false, false, false, true], "server api_key"],
  ["default", [false, false, false, false], null],
  ["key first", [true, true, true, true], "own api_key"],
  ["key first", [true, false, true, true], "own oauth"],
  ["key first", [false, false, true, true], "server api_key"],
  ["key first", [false, false, true, false], "server oauth"],
  ["keys only", [true, false, true, true], "server api_key"],
  ["keys only", [true, false, true, false], null],
  ["ChatGPT only", [false, true, true, true], "server oauth"],
  ["ChatGPT only", [true, true, false, true], "own oauth"],
  ["ChatGPT only", [false, true, false, true], null],
] as const)("with the settings %s, of %j turns use %s", (settings, there, expected) => {
  const choice = chooseCredential(SETTINGS[settings], available(there));
  expect(choice && `${choice.source} ${choice.method}`).toBe(expected);
});
