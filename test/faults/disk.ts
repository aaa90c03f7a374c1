// The disk of all agents of one stack: a small one of its own, where this machine lets it be made, so that it can be filled.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";

const SIZE = "400m";
const SPARE_BLOCKS = 16;

export class AgentsDisk {
  readonly directory: string;
  /** Why it cannot be filled. */
  readonly problem: string | undefined;
  readonly #onExit = (): void => this.#unmount();

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { mode: 0o700 });
    this.problem = mount(directory);
    if (this.problem === undefined) process.once("exit", this.#onExit);
  }

  /** Takes all that is left of it. Returns false where it cannot. */
  fill(): boolean {
    if (this.problem !== undefined) return false;
    const { bavail, bsize } = statfsSync(this.directory);
    // Others write meanwhile: where not all can be had, it is nearly full, and soon is.
    for (let blocks = bavail; blocks > 0; blocks -= SPARE_BLOCKS) {
      const { status } = spawnSync("fallocate", ["-l", String(blocks * bsize), this.#filler]);
      if (status === 0) break;
    }
    return true;
  }

  /** Gives back what {@link fill} took. */
  free(): void {
    rmSync(this.#filler, { force: true });
  }

  close(): void {
    process.off("exit", this.#onExit);
    this.#unmount();
  }

  get #filler(): string {
    return join(this.directory, "filler");
  }

  #unmount(): void {
    if (this.problem === undefined) execFileSync("umount", ["--lazy", this.directory]);
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
