// Archives that somebody made to do harm: nothing of them gets outside of their place, and the workspace stays as it was.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { crc32, createZstdCompress, deflateRawSync, zstdCompressSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { headerOf, type NewEntry } from "../../../../container/disk/files/tar-entry.ts";
import { temporaryDirectory } from "../workspace/trees.ts";
import { type Format, refusalOf, tarOf, useFilesLab, zipOf } from "./files-lab.ts";
import { readTree, writeFiles } from "./lab.ts";

const files = useFilesLab();
const place = (...names: string[]): string => join(files.lab.runner.workspace, ...names);

beforeEach(() => {
  writeFiles(place(), { mine: "1" });
  files.lab.runner.giveWorkspace();
});

async function expectRefused(
  format: Format,
  archive: Buffer,
  message: RegExp,
  modes: readonly ("merge" | "replace")[] = ["merge", "replace"],
): Promise<void> {
  for (const mode of modes) {
    const refused = await refusalOf(files.upload(format, mode, archive));
    expect(refused).toMatchObject({ status: 422, code: "archive_refused" });
    expect(refused.message).toMatch(message);
  }
  expect(readTree(place())).toEqual({ mine: "1" });
  expect(readdirSync(join(files.lab.runner.dataDir, "incoming"))).toEqual([]);
}

const file = (path: string, more: Partial<NewEntry> = {}): Buffer =>
  headerOf({ type: "file", path, target: "", size: 0, mode: 0o644, mtime: 0, ...more });
const link = (path: string, target: string, type: "symlink" | "hardlink" = "symlink"): Buffer =>
  headerOf({ type, path, target, size: 0, mode: 0o777, mtime: 0 });
const tar = (...parts: Buffer[]): Buffer => zstdCompressSync(Buffer.concat([...parts, Buffer.alloc(1_024)]));

/** The header with another type. */
function ofType(typeflag: string, header = file("special")): Buffer {
  const changed = Buffer.from(header);
  changed.write(typeflag, 156, "latin1");
  changed.fill(0x20, 148, 156);
  const sum = changed.reduce((total, byte) => total + byte, 0);
  changed.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return changed;
}

describe("a tar archive is refused that", () => {
  const outside = "/tmp/outside-of-the-workspace";
  it.each<[string, Buffer, RegExp]>([
    ["goes up", tar(file("../evil")), /leads out/],
    ["goes up in the middle", tar(file("a/../../evil")), /leads out/],
    ["has an absolute name", tar(file(`${outside}/evil`)), /leads out/],
    ["writes through a link of its own", tar(link("way", outside), file("way/evil")), /through a link/],
    ["writes through two links", tar(link("a", "."), link("a/b", outside), file("a/b/evil")), /through a link/],
    [
      "replaces a link by a directory",
      tar(link("a", outside), headerOf({ ...entry("a"), type: "directory" }), file("a/x")),
      /link|twice/,
    ],
    ["has a hard link out", tar(link("hard", "/etc/passwd", "hardlink")), /hard link|leads out/],
    ["has a hard link up", tar(link("hard", "../../codex-home/x", "hardlink")), /leads out/],
    [
      "has a hard link to a link",
      tar(link("l", "/etc/passwd"), link("hard", "l", "hardlink"), file("hard")),
      /hard link/,
    ],
    ["has a hard link to what it does not hold", tar(link("hard", "mine", "hardlink")), /hard link/],
    ["names a file twice", tar(file("a"), file("a")), /twice/],
    ["has a file below a file", tar(file("a"), file("a/b")), /below a file/],
    ["has a character device", tar(ofType("3")), /device/],
    ["has a block device", tar(ofType("4")), /device/],
    ["has a pipe", tar(ofType("6")), /pipe/],
    ["has a sparse file", tar(ofType("S")), /sparse/],
    ["has what nobody knows", tar(ofType("Z")), /type/],
    ["has a name of 5000 characters", tar(file("n/".repeat(2_500))), /too long/],
    ["has a name in it of 256 characters", tar(file("n".repeat(256))), /too long/],
    ["says that a file is larger than all may be", tar(file("a", { size: 5 * 1024 ** 3 })), /more than/],
    ["has a header with a wrong sum", tar(Buffer.from(file("a")).fill(0x41, 0, 1)), /checksum/],
    ["ends in a content", zstdCompressSync(Buffer.concat([file("a", { size: 10_000 }), Buffer.alloc(512)])), /cut off/],
    ["has an extended header without an end", zstdCompressSync(ofType("x", file("p", { size: 1_000 }))), /cut off/],
    ["has an extended header of gigabytes", tar(ofType("g", file("p", { size: 2 ** 31 }))), /out of bounds/],
  ])("%s", async (_, archive, message) => {
    await expectRefused("tar.zst", archive, message);
    expect(existsSync(outside)).toBe(false);
    expect(existsSync(join(files.lab.runner.dataDir, "evil"))).toBe(false);
  });

  it("is a bomb", async () => {
    const gigabytes = 3;
    const zeros = Readable.from(
      (function* () {
        yield file("bomb", { size: gigabytes * 1024 ** 3 });
        for (let at = 0; at < gigabytes * 64; at++) yield Buffer.alloc(1024 ** 2 * 16);
        yield Buffer.alloc(1_024);
      })(),
    );
    const archive = await buffer(zeros.pipe(createZstdCompress()));
    expect(archive.length).toBeLessThan(1_000_000);
    await expectRefused("tar.zst", archive, /bomb/);
  });

  // It is refused at the one that is too many: the others are on disk by then.
  it("has hundreds of thousands of entries", { timeout: 120_000 }, async () => {
    const headers = Buffer.concat(Array.from({ length: 201_000 }, (_, index) => file(`f${index}`)));
    await expectRefused("tar.zst", zstdCompressSync(headers), /more than 200000 entries/, ["merge"]);
  });

  it("is compressed so that it needs more memory than there is", async () => {
    const path = join(temporaryDirectory(), "long");
    writeFileSync(path, Buffer.concat([file("a"), Buffer.alloc(1_024)]));
    execFileSync("zstd", ["-q", "--ultra", "-22", "--long=31", path]);
    await files.upload("tar.zst", "merge", readFileSync(`${path}.zst`)).catch((error: unknown) => {
      expect(error).toMatchObject({ code: "archive_refused" });
    });
    expect((await files.lab.runner.health()).status).toBe("ok");
  });
});

it("100 000 entries go up", { timeout: 120_000 }, async () => {
  const headers = Buffer.concat(Array.from({ length: 100_000 }, (_, index) => file(`${index % 100}/f${index}`)));
  expect(await files.upload("tar.zst", "replace", tar(headers))).toMatchObject({ files: 100_000 });
});

it("what would give rights is taken off", async () => {
  await files.upload("tar.zst", "merge", tarOf("touch a b; mkdir d; chmod 6777 a d; chmod 4000 b"));
  expect(["a", "b", "d"].map((name) => (statSync(place(name)).mode & 0o7777).toString(8))).toEqual([
    "777",
    "600",
    "777",
  ]);
});

describe("a zip archive is refused that", () => {
  it.each<[string, Buffer, RegExp]>([
    ["goes up", zip([{ name: "../evil" }]), /leads out|cannot be read/],
    ["has an absolute name", zip([{ name: "/tmp/evil" }]), /leads out|cannot be read/],
    ["goes up by backslashes", zip([{ name: "..\\..\\evil" }]), /leads out|cannot be read/],
    ["has the name of a drive", zip([{ name: "C:\\evil" }]), /cannot be read/],
    [
      "writes through a link of its own",
      zip([{ name: "way", content: "/tmp", mode: 0o120777 }, { name: "way/evil" }]),
      /through a link/,
    ],
    ["has a device", zip([{ name: "dev", mode: 0o020666 }]), /device/],
    ["has a pipe", zip([{ name: "pipe", mode: 0o010666 }]), /pipe/],
    ["names a file twice", zip([{ name: "a" }, { name: "a" }]), /twice/],
    ["has a link with an endless target", zip([{ name: "l", content: "x".repeat(5_000), mode: 0o120777 }]), /too long/],
    ["says another size than it has", zip([{ name: "a", content: "x".repeat(100), size: 1 }]), /cannot be read/],
    ["is a bomb", zip([{ name: "a", content: "\0".repeat(450 * 1024 ** 2) }]), /bomb/],
    ["says that it is a bomb", zip([{ name: "a", content: "x", size: 0xfffffffe }]), /bomb|cannot be read|more than/],
  ])("%s", async (_, archive, message) => {
    await expectRefused("zip", archive, message);
    expect(existsSync("/tmp/evil")).toBe(false);
  });

  it("is encrypted", async () => {
    await expectRefused("zip", zipOf("echo > f", "-P", "secret", "f"), /encrypted/);
  });
});

describe("of a repository in an archive", () => {
  const hostile = `
    git init -q . 2>/dev/null; git config core.fsmonitor 'touch /tmp/evil'; git config core.sshCommand evil
    git config alias.st '!evil'; git config filter.x.smudge evil; git config include.path ../evil
    git config remote.origin.url 'https://user:pw@example.com/x'; git config user.name me
    echo 'echo evil' > .git/hooks/post-checkout; chmod +x .git/hooks/post-checkout
    mkdir -p .git/modules/sub bare/objects bare/refs; cp .git/HEAD .git/config .git/modules/sub; cp .git/HEAD .git/config bare
    echo /etc > .git/objects/info/alternates; ln -s /etc/passwd .git/description2
    mkdir sub other; echo 'gitdir: ../.git/modules/sub' > sub/.git; echo 'gitdir: /etc' > other/.git`;

  it.each(["tar.zst", "zip"] as const)("what could make git run programs is left out (%s)", async (format) => {
    const { notes } = await files.upload(format, "replace", (format === "zip" ? zipOf : tarOf)(hostile));
    for (const path of [".git/config", ".git/modules/sub/config", "bare/config"]) {
      const keys = execFileSync("git", ["config", "--file", place(path), "--name-only", "--list"], {
        encoding: "utf8",
      });
      expect(keys.split("\n").filter((key) => !key.startsWith("core."))).toEqual(["user.name", ""]);
      expect(keys).not.toMatch(/fsmonitor|sshcommand/);
    }
    expect(existsSync(place(".git/hooks"))).toBe(false);
    expect(existsSync(place(".git/objects/info/alternates"))).toBe(false);
    expect(existsSync(place(".git/description2"))).toBe(false);
    expect([existsSync(place("sub/.git")), existsSync(place("other/.git"))]).toEqual([true, false]);
    expect(notes.join("\n")).toMatch(/core\.fsmonitor/);
    expect(notes.join("\n")).not.toContain("pw@");
    expect(notes.join("\n")).toMatch(/hooks/);
  });
});

function entry(path: string): NewEntry {
  return { type: "file", path, target: "", size: 0, mode: 0o755, mtime: 0 };
}

interface ZipEntry {
  name: string;
  content?: string;
  mode?: number;
  /** In place of the true one. */
  size?: number;
}

/** A zip archive, byte by byte: no program makes these. */
function zip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content = "", mode = 0o100644, size } of entries) {
    const data = deflateRawSync(Buffer.from(content));
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(Buffer.from(content)), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(size ?? Buffer.byteLength(content), 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(((mode << 16) >>> 0) + 0, 6);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02"), Buffer.from([20, 3]), common, tail, Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  }
  const index = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(index.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, index, end]);
}
