// Finds the native Codex binary that the pinned npm package ships. Its vendor directory is used whole: newer models need
// `codex-code-mode-host`, search needs `rg` and the sandbox needs `bwrap`, all found relative to the binary.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import * as z from "zod";

export interface CodexBinary {
  path: string;
  version: string;
}

const TARGETS: Readonly<Record<string, string>> = {
  "linux-x64": "x86_64-unknown-linux-musl",
  "linux-arm64": "aarch64-unknown-linux-musl",
  "darwin-x64": "x86_64-apple-darwin",
  "darwin-arm64": "aarch64-apple-darwin",
  "win32-x64": "x86_64-pc-windows-msvc",
  "win32-arm64": "aarch64-pc-windows-msvc",
};

const Manifest = z.object({ version: z.string() });

/** `override` is a path to use as it is. Returns undefined where no binary for this platform is installed. */
export function findCodexBinary(override?: string): CodexBinary | undefined {
  const require = createRequire(import.meta.url);
  const version = readVersion(require);
  if (override !== undefined)
    return existsSync(override) ? { path: override, version: version ?? "unknown" } : undefined;
  const key = `${platform()}-${arch()}`;
  const target = TARGETS[key];
  if (target === undefined || version === undefined) return undefined;
  try {
    const root = dirname(require.resolve(`@openai/codex-${key}/package.json`));
    const path = join(root, "vendor", target, "bin", platform() === "win32" ? "codex.exe" : "codex");
    return existsSync(path) ? { path, version } : undefined;
  } catch {
    return undefined;
  }
}

function readVersion(require: NodeJS.Require): string | undefined {
  try {
    return Manifest.parse(JSON.parse(readFileSync(require.resolve("@openai/codex/package.json"), "utf8"))).version;
  } catch {
    return undefined;
  }
}
