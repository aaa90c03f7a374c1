import { join } from "node:path";
import type { WorkspaceLimits } from "../../../../container/runner/workspace/limits.ts";
import { openWorkspaceObserver, type WorkspaceObserver } from "../../../../container/runner/workspace/observer.ts";
import { type Tree, temporaryDirectory, writeTree } from "./trees.ts";

export interface ObservedWorkspace {
  root: string;
  storeDir: string;
  observer: WorkspaceObserver;
}

/** A workspace that holds `tree`, with its baseline taken. */
export async function observedWorkspace(tree: Tree, limits: Partial<WorkspaceLimits> = {}): Promise<ObservedWorkspace> {
  const directory = temporaryDirectory();
  const root = join(directory, "root");
  const storeDir = join(directory, "store");
  writeTree(directory, { "root/.git/HEAD": { content: "" } });
  writeTree(root, { ".git/HEAD": { content: "" }, ...tree });
  const observer = await openWorkspaceObserver({ root, storeDir, limits });
  await observer.baseline();
  return { root, storeDir, observer };
}
