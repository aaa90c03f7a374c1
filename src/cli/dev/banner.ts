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
    ...(runtime === "host" ? hostWarnings(settings).map((line) => `              ${line}`) : []),
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

/** What holds commands here, and what does not. */
function hostWarnings({ HOST_SANDBOX }: Settings): string[] {
  if (HOST_SANDBOX === "off") {
    return [
      "HOST_SANDBOX=off: commands of the model run on this machine without any protection.",
      "EGRESS_ALLOWED_HOSTS needs containers: here commands reach every host.",
    ];
  }
  return [
    "Commands run in Codex's own sandbox, as your user; it can read your files. Network access is off.",
    "EGRESS_ALLOWED_HOSTS needs containers: here the sandbox reaches no host, and a command that you accept reaches all.",
  ];
}
