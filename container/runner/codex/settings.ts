// How `codex app-server` is started: the settings that make the model gateway the only host it contacts, and an
// environment that holds nothing a command should not see.
import { join } from "node:path";
import { baseEnv } from "../../lib/base-env.ts";

export interface CodexSettings {
  /** The agent's private directory; see {@link layout}. */
  dataDir: string;
  modelBaseUrl: string;
  /** Worth nothing anywhere but at the gateway, and there only until the next start. */
  modelToken: string;
  /** HOME of Codex itself, where that is not the HOME of its commands. */
  home?: string;
  /** What commands get into their environment, besides what every one has. */
  commandEnv?: Readonly<Record<string, string>>;
}

/**
 * git refuses a repository of another user (safe.directory in git-config(1)), and those who read the workspace need not be who
 * writes it. Its reason, programs that a repository names, holds for nothing here: commands are held back by the jail.
 */
const GIT_WITHOUT_OWNERS = {
  GIT_CONFIG_COUNT: "1",
  GIT_CONFIG_KEY_0: "safe.directory",
  GIT_CONFIG_VALUE_0: "*",
};

export interface Layout {
  workspace: string;
  /** HOME of commands; what an agent installs for itself goes here. */
  home: string;
  codexHome: string;
  /** Lost at every start. TMPDIR must not be an ancestor of CODEX_HOME: Codex refuses that. */
  scratch: string;
  /** What the disk was like at the last checkpoints. */
  checkpoints: string;
  /** On their way. */
  archives: string;
  /** Where a disk is put together, by the user whom it belongs to. */
  staging: string;
  sqlite: string;
  tmp: string;
  baseline: string;
  longPrompts: string;
  certificates: string;
}

export function layout(dataDir: string): Layout {
  const scratch = join(dataDir, "scratch");
  return {
    workspace: join(dataDir, "workspace"),
    home: join(dataDir, "home"),
    codexHome: join(dataDir, "codex-home"),
    scratch,
    checkpoints: join(dataDir, "checkpoints"),
    archives: join(scratch, "archives"),
    staging: join(dataDir, "staging"),
    sqlite: join(scratch, "sqlite"),
    tmp: join(scratch, "tmp"),
    baseline: join(scratch, "baseline"),
    longPrompts: join(scratch, "prompts"),
    certificates: join(scratch, "certificates"),
  };
}

/** Command-line arguments. Values are TOML; JSON strings are valid TOML strings. */
export function appServerArguments({ dataDir, modelBaseUrl, commandEnv }: CodexSettings): string[] {
  const { workspace, sqlite } = layout(dataDir);
  const settings: Readonly<Record<string, string>> = {
    model_provider: toml("gateway"),
    "model_providers.gateway": `{name=${toml("gateway")},base_url=${toml(modelBaseUrl)},wire_api=${toml("responses")},requires_openai_auth=false,env_key=${toml("MODEL_TOKEN")}}`,
    // A repository must not configure its own jailer: an untrusted project's .codex/config.toml is not loaded.
    projects: `{${toml(workspace)}={trust_level=${toml("untrusted")}}}`,
    sqlite_home: toml(sqlite),
    "shell_environment_policy.inherit": toml("core"),
    "shell_environment_policy.set": inlineTable({ ...GIT_WITHOUT_OWNERS, ...commandEnv }),
    "analytics.enabled": "false",
    check_for_update_on_startup: "false",
    "features.apps": "false",
    "features.goals": "false",
    "features.multi_agent": "false",
    "features.plugins": "false",
    "features.unbounded_connection_retries": "false",
    "skills.bundled.enabled": "false",
  };
  return ["app-server", ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`])];
}

/** Built from nothing: the runner's own environment holds its token, which Codex and its commands must not inherit. */
export function appServerEnvironment(
  { dataDir, modelToken, home = layout(dataDir).home }: CodexSettings,
  outer: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const { codexHome, tmp } = layout(dataDir);
  return {
    ...baseEnv(outer),
    HOME: home,
    CODEX_HOME: codexHome,
    TMPDIR: tmp,
    MODEL_TOKEN: modelToken,
  };
}

function inlineTable(values: Readonly<Record<string, string>>): string {
  return `{${Object.entries(values)
    .map(([key, value]) => `${key}=${toml(value)}`)
    .join(",")}}`;
}

function toml(text: string): string {
  return JSON.stringify(text);
}
