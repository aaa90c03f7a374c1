// A workspace of 20 000 files and 500 MB, and tar, what it is held against.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const FILES = 20_000;
const FILE_BYTES = 25_000;
const FILES_PER_DIRECTORY = 20;

export const WORKSPACE = `${FILES} files of ${(FILES * FILE_BYTES) / 1e6} MB in all`;

/** As varied as source code is: some four to one when compressed. */
export function writeTree(root: string): void {
  const words = Array.from({ length: 3_000 }, (_, number) => createHash("md5").update(`${number}`).digest("base64url"));
  let seed = 1;
  const next = (): string => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return words[(seed >>> 8) % words.length] ?? "";
  };
  for (let number = 0; number < FILES; number++) {
    const place = Math.floor(number / FILES_PER_DIRECTORY);
    const directory = join(root, `d${place % 40}`, `e${place}`);
    mkdirSync(directory, { recursive: true });
    let text = "";
    while (text.length < FILE_BYTES) text += `${next()} `;
    writeFileSync(join(directory, `f${number}.ts`), text);
  }
}

/** Not synchronous: connections that nobody looks after for seconds are closed. */
export async function shell(script: string): Promise<void> {
  await promisify(execFile)("bash", ["-ec", `set -o pipefail; ${script}`]);
}

export function archive(directory: string, name: string, file: string): Promise<void> {
  return shell(`tar -C '${directory}' -c '${name}' | zstd -1 -q -f -o '${file}'`);
}

export function extract(file: string, directory: string): Promise<void> {
  return shell(`zstd -dcq '${file}' | tar -x -C '${directory}'`);
}
