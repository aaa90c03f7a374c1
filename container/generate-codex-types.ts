// Writes the TypeScript types of the app-server's protocol, as the pinned Codex binary itself gives them, to
// runner/codex/protocol (not in git). `npm run types` runs it; it does nothing while they match the pinned version.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findCodexBinary } from "./runner/codex/binary.ts";

const out = join(import.meta.dirname, "runner", "codex", "protocol");
const stamp = join(out, "VERSION");

const binary = findCodexBinary();
if (binary === undefined) {
  console.error("The Codex binary is not installed for this platform. Run `npm ci` first.");
  process.exit(1);
}
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== binary.version) {
  rmSync(out, { recursive: true, force: true });
  execFileSync(binary.path, ["app-server", "generate-ts", "--experimental", "--out", out]);
  writeFileSync(stamp, binary.version);
}
