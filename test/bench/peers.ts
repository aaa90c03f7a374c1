// MCP servers of others over the same Codex, as they are published. They are installed for the time of a run, and are no part of
// this project.
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { chat } from "../../src/tools/chat.ts";
import { makeScratchDir } from "../support/app-server-driver.ts";
import { type CodexHome, makeCodexHome } from "./codex-home.ts";
import type { Side } from "./side.ts";

export interface Peer {
  package: string;
  version: string;
  /** Below its package. */
  entry: string;
  tool: string;
  parameters(workspace: string, model: string): Record<string, unknown>;
}

export const PEERS: readonly Peer[] = [
  {
    package: "codex-mcp-server",
    version: "1.4.10",
    entry: "dist/index.js",
    tool: "codex",
    parameters: (workingDirectory, model) => ({ workingDirectory, model, sandbox: "read-only" }),
  },
  {
    package: "@trishchuk/codex-mcp-tool",
    version: "2.5.0",
    entry: "dist/index.js",
    tool: "ask-codex",
    parameters: (workingDir, model) => ({ workingDir, model, sandboxMode: "read-only", skipGitRepoCheck: true }),
  },
];

const INSTALL_TIMEOUT_MS = 120_000;

/** Rejects where the registry cannot be reached or does not have it. `model` is the one that the other sides use. */
export async function startPeer(peer: Peer, modelUrl: string, model: string): Promise<Side> {
  const directory = makeScratchDir("bench-peer-");
  const home = makeCodexHome(modelUrl);
  const remove = (): void => {
    home.remove();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await install(peer, directory);
    return await connect(peer, { directory, home, model, remove });
  } catch (error) {
    remove();
    throw error;
  }
}

async function install({ package: name, version }: Peer, directory: string): Promise<void> {
  const args = ["install", "--prefix", directory, "--ignore-scripts", "--no-audit", "--no-fund", `${name}@${version}`];
  await promisify(execFile)("npm", args, { cwd: directory, timeout: INSTALL_TIMEOUT_MS });
}

interface Connection {
  directory: string;
  home: CodexHome;
  model: string;
  remove(): void;
}

async function connect(peer: Peer, { directory, home, model, remove }: Connection): Promise<Side> {
  const client = new Client({ name: "bench", version: "1" });
  const args = [join(directory, "node_modules", peer.package, peer.entry)];
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args,
      env: home.env,
      cwd: home.workspace,
      stderr: "ignore",
    }),
  );
  let sessions = 0;
  const say = async (sessionId: string, message: string): Promise<string> => {
    const parameters = { prompt: chat.prompt({ message }), sessionId, ...peer.parameters(home.workspace, model) };
    return JSON.stringify(await client.callTool({ name: peer.tool, arguments: parameters }));
  };
  return {
    hasSchema: false,
    followUp: (message) => say("follow-up", message),
    fresh: (message) => say(`new-${++sessions}`, message),
    close: async () => {
      await client.close();
      remove();
    },
  };
}
