import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { appServerArguments, appServerEnvironment, layout } from "../../../../../container/runner/codex/settings.ts";

const settings = { dataDir: "/data/agent", modelBaseUrl: "http://model.internal/v1", modelToken: "mt-secret" };

/** What follows each -c. */
function overrides(of = settings): string[] {
  const [command, ...rest] = appServerArguments(of);
  expect(command).toBe("app-server");
  expect(rest.filter((_, index) => index % 2 === 0).every((flag) => flag === "-c")).toBe(true);
  return rest.filter((_, index) => index % 2 === 1);
}

describe("the arguments of the app-server", () => {
  it.each([
    "analytics.enabled=false",
    "check_for_update_on_startup=false",
    "features.apps=false",
    "features.plugins=false",
    "features.unbounded_connection_retries=false",
    'shell_environment_policy.inherit="core"',
    'shell_environment_policy.set={GIT_CONFIG_COUNT="1",GIT_CONFIG_KEY_0="safe.directory",GIT_CONFIG_VALUE_0="*"}',
    'model_provider="gateway"',
    'sqlite_home="/data/agent/scratch/sqlite"',
    'projects={"/data/agent/workspace"={trust_level="untrusted"}}',
  ])("hold %s", (setting) => {
    expect(overrides()).toContain(setting);
  });

  it("make the gateway the one provider, with the token by its name only", () => {
    expect(overrides()).toContain(
      'model_providers.gateway={name="gateway",base_url="http://model.internal/v1",wire_api="responses",requires_openai_auth=false,env_key="MODEL_TOKEN"}',
    );
    expect(overrides().join()).not.toContain("mt-secret");
  });

  it("quote a directory that has quotes and backslashes in its name", () => {
    const odd = overrides({ ...settings, dataDir: '/data/a"b\\c' });
    expect(odd).toContain('projects={"/data/a\\"b\\\\c/workspace"={trust_level="untrusted"}}');
  });
});

describe("the environment of the app-server", () => {
  const outer = {
    PATH: "/bin",
    LANG: "C",
    RUNNER_TOKEN: "runner-secret",
    MODEL_TOKEN: "of the runner",
    OPENAI_API_KEY: "sk-secret",
    HOME: "/root",
    CODEX_HOME: "/elsewhere/.codex",
    NODE_OPTIONS: "--inspect",
    http_proxy: "http://proxy",
  };

  it("holds only what Codex needs", () => {
    expect(appServerEnvironment(settings, outer)).toEqual({
      PATH: "/bin",
      LANG: "C",
      HOME: "/data/agent/home",
      CODEX_HOME: "/data/agent/codex-home",
      TMPDIR: "/data/agent/scratch/tmp",
      MODEL_TOKEN: "mt-secret",
    });
  });

  it("holds nothing that is not set", () => {
    expect(Object.keys(appServerEnvironment(settings, {}))).toEqual(["HOME", "CODEX_HOME", "TMPDIR", "MODEL_TOKEN"]);
  });
});

it("keeps the temporary directory beside Codex's home, since Codex refuses a home below it", () => {
  const { tmp, codexHome, workspace, home, scratch } = layout("/data/agent");
  expect(codexHome.startsWith(`${dirname(tmp)}/`)).toBe(false);
  for (const kept of [codexHome, workspace, home]) expect(kept.startsWith(`${scratch}/`)).toBe(false);
});
