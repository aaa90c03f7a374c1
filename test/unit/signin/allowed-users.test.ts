import { expect, it } from "vitest";
import { readConfig } from "../../../src/config.ts";
import type { Account } from "../../../src/lib/account.ts";
import { isAllowed } from "../../../src/signin/allowed-users.ts";

const IDP = { OIDC_ISSUER: "https://idp.example/", OIDC_CLIENT_ID: "id", OIDC_CLIENT_SECRET: "s" };
const GITHUB = { GITHUB_CLIENT_ID: "id", GITHUB_CLIENT_SECRET: "s" };
const ADA: Account = {
  method: "oidc",
  issuer: "https://idp.example",
  subject: "ada|1",
  email: "Ada@Example.com",
  name: null,
};
const OCTOCAT: Account = { method: "github", server: "https://github.com", id: 1, login: "OctoCat", email: null };
const OWNER: Account = { method: "owner", password_tag: "" };

it.each([
  [ADA, "ada@example.com", true],
  [ADA, "ADA@EXAMPLE.COM", true],
  [ADA, "@example.com", true],
  [ADA, "oidc:ada|1", true],
  [ADA, "OIDC:ada|1", true],
  [ADA, "*", true],
  [ADA, "bob@example.com *", true],
  [ADA, "", false],
  [ADA, "oidc:ADA|1", false],
  [ADA, "oidc:ada", false],
  [ADA, "a@example.com", false],
  [ADA, "@ple.com", false],
  [ADA, "@sub.example.com", false],
  [ADA, "github:ada", false],
  [OCTOCAT, "github:octocat", true],
  [OCTOCAT, "*", true],
  [OCTOCAT, "oidc:OctoCat", false],
  [OCTOCAT, "github:octo", false],
  [OCTOCAT, "", false],
  [OWNER, "", true],
])("%j on the list %j: %s", (account, ALLOWED_USERS, allowed) => {
  const env = { OWNER_PASSWORD: "a good password", ...IDP, ...GITHUB, ALLOWED_USERS };
  expect(isAllowed(account, readConfig(env))).toBe(allowed);
});

it.each([
  [ADA, GITHUB],
  [OCTOCAT, IDP],
  [OCTOCAT, { ...GITHUB, GITHUB_URL: "https://github.example.com" }],
  [ADA, { ...IDP, OIDC_ISSUER: "https://other.example" }],
  [OWNER, IDP],
])("%j is out where the way in is not set up as it was", (account, env) => {
  expect(isAllowed(account, readConfig({ ...env, ALLOWED_USERS: "*" }))).toBe(false);
});
