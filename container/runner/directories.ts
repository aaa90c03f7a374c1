// The runner's directories, as each start needs them.
import { mkdirSync, rmSync } from "node:fs";
import { type Layout, layout } from "./codex/settings.ts";

/** Makes those that are missing, and empties what belongs to one start alone. Throws where one cannot be made. */
export function prepareDirectories(dataDir: string): Layout {
  const paths = layout(dataDir);
  rmSync(paths.scratch, { recursive: true, force: true });
  // Commands may be another user's: they pass through to the prompts that are handed over as files.
  mkdirSync(paths.scratch, { recursive: true, mode: 0o711 });
  for (const directory of [
    paths.workspace,
    paths.home,
    paths.staging,
    paths.codexHome,
    paths.sqlite,
    paths.tmp,
    paths.baseline,
  ]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }
  return paths;
}
