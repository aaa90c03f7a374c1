// The disk of all agents of one stack: a small one of its own, where this machine lets it be made, so that it can be filled.
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const SIZE = "400m";

export class AgentsDisk {
  readonly directory: string;
  /** Why it cannot be filled. */
  readonly problem: string | undefined;

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { mode: 0o700 });
    this.problem = mount(directory);
  }

  /** Takes all that is left of it. Resolves to false where it cannot. */
  async fill(): Promise<boolean> {
    if (this.problem !== undefined) return false;
    // It ends as soon as nothing more can be written.
    const args = ["if=/dev/zero", `of=${this.#filler}`, "bs=1M"];
    await promisify(execFile)("dd", args).catch(() => {});
    return true;
  }

  /** Gives back what {@link fill} took. */
  free(): void {
    rmSync(this.#filler, { force: true });
  }

  close(): void {
    if (this.problem === undefined) execFileSync("umount", ["--lazy", this.directory]);
  }

  get #filler(): string {
    return join(this.directory, "filler");
  }
}

function mount(directory: string): string | undefined {
  if (process.platform !== "linux") return "only Linux has a file system in memory.";
  if (process.getuid?.() !== 0) return "only root may mount a file system.";
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE},mode=700`, "tmpfs", directory], { stdio: "pipe" });
    return undefined;
  } catch (error) {
    return `a small file system cannot be mounted: ${String(error)}`;
  }
}
