import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Certificates } from "../../../../container/runner/certificates.ts";
import { layout } from "../../../../container/runner/codex/settings.ts";
import { environmentsToml, UserJail } from "../../../../container/runner/user-jail.ts";

const codexHome = mkdtempSync(join(tmpdir(), "user-jail-"));
afterAll(() => rmSync(codexHome, { recursive: true }));

const options = { codexPath: "/app/codex", paths: { ...layout("/agent"), codexHome }, memoryBytes: 1_000_000_000 };
const jail = new UserJail({ ...options, certificates: new Certificates(join(codexHome, "certificates")) });

describe("the environments of a turn", () => {
  it.each([
    ["read", "suggest", ["read-only"], "granular"],
    ["read", "auto", ["read-only"], "granular"],
    ["read", "manual", ["read-only"], "granular"],
    ["write", "auto", ["writable"], "granular"],
    ["write", "manual", ["writable"], "untrusted"],
    ["write", "suggest", ["read-only", "writable"], "untrusted"],
  ] as const)("with %s access in %s mode are %j", (access, mode, expected, approval) => {
    const { environments, approvalPolicy, sandbox } = jail.policy(access, mode);
    expect(environments).toEqual(expected.map((environmentId) => ({ environmentId, cwd: "/agent/workspace" })));
    expect(typeof approvalPolicy === "string" ? approvalPolicy : Object.keys(approvalPolicy)[0]).toBe(approval);
    expect(sandbox).toBe("danger-full-access");
  });

  it("can be harmless only where nothing can be written", () => {
    expect([jail.isHarmless("read-only"), jail.isHarmless("writable"), jail.isHarmless(null)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

it("Codex finds its settings of the environments, of which the default may only read", () => {
  const toml = readFileSync(join(codexHome, "environments.toml"), "utf8");
  expect(toml).toBe(environmentsToml(options));
  expect(toml).toMatch(/^default = "read-only"\n/);
  expect(toml).toMatch(/id = "read-only"\nprogram = "\/app\/run-as"\nargs = \["reader", "\/agent\/workspace", /);
  expect(toml).toMatch(/id = "writable"\nprogram = "\/app\/run-as"\nargs = \["agent", "\/agent\/workspace", /);
});

it("each program gets three quarters of the container's memory at most", () => {
  expect(environmentsToml(options).match(/"--data=750000000"/g)).toHaveLength(2);
});
