// The floor: one warm `codex app-server`, driven directly by the requests that the runner sends it.
import { rmSync } from "node:fs";
import { findCodexBinary } from "../../container/runner/codex/binary.ts";
import { appServerArguments } from "../../container/runner/codex/settings.ts";
import { CodexSandboxJail } from "../../container/runner/jail.ts";
import { chat } from "../../src/tools/chat.ts";
import { AppServer, makeScratchDir } from "../support/app-server-driver.ts";
import type { Side } from "./side.ts";

export async function directCodex(modelUrl: string): Promise<Side> {
  const cwd = makeScratchDir("bench-workspace-");
  const codex = await AppServer.start({ baseUrl: modelUrl, config: settingsBesidesProvider(cwd, modelUrl) });
  const { data } = await codex.request<{ data: { id: string; isDefault: boolean }[] }>("model/list", {});
  const model = data.find((candidate) => candidate.isDefault)?.id ?? "";
  const { sandbox, sandboxPolicy, approvalPolicy } = new CodexSandboxJail(binary().path, {}).policy("read", "auto");
  const open = () => codex.startThread({ cwd, model, sandbox, approvalPolicy });
  const say = async (threadId: string, message: string): Promise<string> => {
    const policy = { model, sandboxPolicy, approvalPolicy, outputSchema: chat.codexSchema };
    const turn = await codex.runTurn(threadId, chat.prompt({ message }), policy);
    return turn.status === "completed" ? (turn.items.at(-1)?.text ?? "") : `the turn ended as ${turn.status}`;
  };
  const thread = await open();
  return {
    hasSchema: true,
    followUp: (message) => say(thread, message),
    fresh: async (message) => say(await open(), message),
    close: async () => {
      await codex.close();
      rmSync(cwd, { recursive: true, force: true });
    },
  };
}

/** The pinned one. */
export function binary(): { path: string; version: string } {
  const found = findCodexBinary();
  if (found === undefined) throw new Error("There is no Codex binary for this machine. Run npm ci.");
  return found;
}

function settingsBesidesProvider(dataDir: string, modelBaseUrl: string): string[] {
  return appServerArguments({ dataDir, modelBaseUrl, modelToken: "none" }).filter(
    (arg) => arg.includes("=") && !arg.startsWith("model_provider") && !arg.startsWith("sqlite"),
  );
}
