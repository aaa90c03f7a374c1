// What the dev server prints when it is ready.
import type { Settings } from "./settings.ts";

export interface BannerFacts {
  port: number;
  runtime: "host" | "docker";
  reason: string;
  credential: string;
  token: string;
  /** Undefined where the developer has set one: then it is theirs to know. */
  password: string | undefined;
  settings: Settings;
}

export function banner({ port, runtime, reason, credential, token, password, settings }: BannerFacts): string {
  const url = `http://localhost:${port}`;
  return [
    "",
    `  Persistent Codex is ready at ${url}`,
    "",
    `  Runtime     ${runtime === "docker" ? "Docker containers" : "local processes"} (${reason})`,
    ...(runtime === "host" ? [`              ${hostWarning(settings)}`] : []),
    `  Credential  ${credential}`,
    `  State       ${settings.STATE_DIR}`,
    "",
    "  Add it to Claude Code:",
    `  claude mcp add --transport http codex ${url}/mcp --header "Authorization: Bearer ${token}"`,
    "  or without the header, and sign in with the browser (/mcp in Claude Code).",
    "",
    `  Account     ${url}/account`,
    `  Password    ${password ?? "the one in OWNER_PASSWORD"}`,
    "",
    "  Ctrl-C ends it.",
    "",
  ].join("\n");
}

function hostWarning({ HOST_SANDBOX }: Settings): string {
  return HOST_SANDBOX === "off"
    ? "HOST_SANDBOX=off: commands of the model run on this machine without any protection."
    : "Commands run in Codex's own sandbox, as your user; it can read your files. Network access is off.";
}
