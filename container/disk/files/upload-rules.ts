// What an archive that somebody made may hold, whatever its format: plain names, files, directories and links, each once, and
// not more than an agent may have. What passes is told anew (tar-entry.ts) and then judged as a checkpoint's archive is.
import { dirname } from "node:path/posix";
import { FILE_LIMITS } from "../../lib/files-protocol.ts";
import { BadArchive } from "../tar-filter.ts";
import type { NewEntry } from "./tar-entry.ts";

const MAX_PATH_BYTES = 4_096;
const MAX_NAME_BYTES = 255;
/** What compresses better than this is no source code. The first of it is free: an empty disk image, a log. */
const MAX_RATIO = 250;
const FREE_BYTES = 256 * 1024 * 1024;
/** Eleven octal digits. */
const MAX_TIME = 0o77777777777;

export class UploadRules {
  /** Of the archive as it came, so far. */
  readonly #bytesIn: () => number;
  readonly #files = new Set<string>();
  readonly #links = new Set<string>();
  readonly #directories = new Set<string>();
  #entries = 0;
  #bytes = 0;

  constructor(bytesIn: () => number) {
    this.#bytesIn = bytesIn;
  }

  /**
   * The entry as it goes on; undefined for the top itself. Throws {@link BadArchive}. The names have one character per byte;
   * those of the result are below "workspace".
   */
  accept(entry: NewEntry): NewEntry | undefined {
    const path = plainPath(entry.path);
    if (path === "") {
      if (entry.type === "directory") return undefined;
      throw refused(entry.path, "names the top of the archive, and is no directory");
    }
    this.#count(entry);
    this.#requireNew(path, entry.type);
    const executable = entry.type === "directory" ? 0o700 : 0o600;
    const mtime = Math.min(MAX_TIME, Math.max(0, Math.trunc(entry.mtime) || 0));
    const target = this.#targetOf(entry);
    return { ...entry, path: `workspace/${path}`, target, mode: (entry.mode & 0o777) | executable, mtime };
  }

  #count({ size }: NewEntry): void {
    this.#entries++;
    this.#bytes += size;
    if (this.#entries > FILE_LIMITS.treeEntries) {
      throw new BadArchive(`The archive has more than ${FILE_LIMITS.treeEntries} entries.`);
    }
    if (this.#bytes > FILE_LIMITS.treeBytes) {
      throw new BadArchive(`The archive holds more than ${FILE_LIMITS.treeBytes} bytes.`);
    }
    if (this.#bytes > FREE_BYTES + MAX_RATIO * this.#bytesIn()) {
      throw new BadArchive(`The archive is more than ${MAX_RATIO} times larger than it looks: it may be a bomb.`);
    }
  }

  #requireNew(path: string, type: NewEntry["type"]): void {
    const isKnown = this.#files.has(path) || this.#links.has(path);
    if (isKnown || (type !== "directory" && this.#directories.has(path))) throw refused(path, "is there twice");
    for (let parent = dirname(path); parent !== "."; parent = dirname(parent)) {
      if (this.#links.has(parent)) throw refused(path, "leads through a link");
      if (this.#files.has(parent)) throw refused(path, "is below a file");
    }
    if (type === "directory") this.#directories.add(path);
    else if (type === "symlink") this.#links.add(path);
    else this.#files.add(path);
  }

  #targetOf({ type, path, target }: NewEntry): string {
    if (type === "file" || type === "directory") return "";
    if (target === "" || target.length >= MAX_PATH_BYTES || target.includes("\0")) throw refused(path, "has no target");
    if (type === "symlink") return target;
    const linked = plainPath(target);
    if (!this.#files.has(linked)) throw refused(path, "is a hard link to no file of the archive");
    return `workspace/${linked}`;
  }
}

/** Without "./" and doubled slashes; "" is the top. */
function plainPath(path: string): string {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  const isPlain = !path.startsWith("/") && !path.includes("\0") && !names.includes("..");
  if (!isPlain) throw refused(path, "leads out of the archive");
  if (path.length > MAX_PATH_BYTES || names.some((name) => name.length > MAX_NAME_BYTES)) {
    throw refused(path, "is too long");
  }
  return names.join("/");
}

export function refused(path: string, why: string): BadArchive {
  return new BadArchive(`${JSON.stringify(Buffer.from(path, "latin1").toString().slice(0, 200))} ${why}.`);
}
