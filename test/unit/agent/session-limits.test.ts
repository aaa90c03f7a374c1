import { expect, it } from "vitest";
import { sessionLimits } from "../../../src/agent/session-limits.ts";
import { Config } from "../../../src/config.ts";

const OIDC = { OIDC_ISSUER: "https://id.example", OIDC_CLIENT_ID: "id", OIDC_CLIENT_SECRET: "secret" };
const GITHUB = { GITHUB_CLIENT_ID: "id", GITHUB_CLIENT_SECRET: "secret" };

it.each([
  ["all to a single owner", {}, { all: 20, user: 20 }],
  ["half of all to each of several users", { ...OIDC, MAX_CONCURRENT_SESSIONS: "7" }, { all: 7, user: 4 }],
  ["one where there is one", { ...GITHUB, MAX_CONCURRENT_SESSIONS: "1" }, { all: 1, user: 1 }],
  ["what is set", { ...GITHUB, MAX_SESSIONS_PER_USER: "19" }, { all: 20, user: 19 }],
])("gives %s", (_, settings, limits) => {
  expect(sessionLimits(Config.parse(settings))).toEqual(limits);
});
