// A home of Codex for who reads its settings from there: `codex exec`, and the peers that run it. The settings are the runner's.
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { appServerArguments } from "../../container/runner/codex/settings.ts";
import { makeScratchDir } from "../support/app-server-driver.ts";
import { binary } from "./direct-codex.ts";

export interface CodexHome {
  /** An empty working directory. */
  workspace: string;
  /** Has the pinned `codex` in its PATH, and nothing of the bench's own environment. */
  env: Record<string, string>;
  remove(): void;
}

export function makeCodexHome(modelUrl: string): CodexHome {
  const root = makeScratchDir("bench-codex-home-");
  const [workspace, bin, home] = ["workspace", "bin", "codex"].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ]; // three names, three paths
  for (const directory of [workspace, bin, home]) mkdirSync(directory);
  symlinkSync(binary().path, join(bin, "codex"));
  const settings = appServerArguments({ dataDir: root, modelBaseUrl: modelUrl, modelToken: "none" });
  writeFileSync(join(home, "config.toml"), settings.filter((arg) => arg.includes("=")).join("\n"));
  const path = [bin, dirname(process.execPath), process.env.PATH].join(":");
  return {
    workspace,
    env: { PATH: path, HOME: root, CODEX_HOME: home, MODEL_TOKEN: "none" },
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}
