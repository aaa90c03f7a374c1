// The workspace as an archive, down and up, as people's programs make and read it.
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFifo, temporaryDirectory } from "../workspace/trees.ts";
import { type Format, refusalOf, tarOf, useFilesLab, zipOf } from "./files-lab.ts";
import { readTree, writeFiles } from "./lab.ts";

const files = useFilesLab();
const place = (...names: string[]): string => join(files.lab.runner.workspace, ...names);
const makers = { "tar.zst": tarOf, zip: zipOf };

/** A directory that holds what the archive does, by the program that people have. */
function unpacked(format: Format, archive: Buffer): string {
  const directory = temporaryDirectory();
  const path = join(temporaryDirectory(), "archive");
  writeFileSync(path, archive);
  if (format === "zip")
    execFileSync("unzip", ["-q", path, "-d", directory], { env: { ...process.env, LC_ALL: "C.UTF-8" } });
  else execFileSync("tar", ["--zstd", "-xf", path, "-C", directory]);
  return directory;
}

describe.each(["tar.zst", "zip"] as const)("a %s archive", (format) => {
  const make = makers[format];

  it("brings down what is there, and goes up again as it came", async () => {
    writeFiles(place(), { "a/ü b.txt": "x", "run.sh": "#!/bin/sh\n", ".git/HEAD": "ref: refs/heads/main\n" });
    execFileSync("sh", ["-c", "chmod 755 run.sh && mkdir empty && mkfifo pipe"], { cwd: place() });
    symlinkSync("a/ü b.txt", place("link"));
    files.lab.runner.giveWorkspace();
    const archive = await files.download(format);
    const directory = unpacked(format, archive);
    const expected = { "a/ü b.txt": "x", "run.sh": "#!/bin/sh\n", ".git/HEAD": "ref: refs/heads/main\n" };
    expect(readTree(directory)).toEqual(expected);
    expect(readlinkSync(join(directory, "link"))).toBe("a/ü b.txt");
    expect([existsSync(join(directory, "empty")), existsSync(join(directory, "pipe"))]).toEqual([true, false]);
    expect(lstatSync(join(directory, "run.sh")).mode & 0o111).toBe(0o111);

    writeFiles(place(), { extra: "" });
    files.lab.runner.giveWorkspace();
    expect(await files.upload(format, "replace", archive)).toEqual({ files: 3, bytes: 11, notes: [] });
    expect(readTree(place())).toEqual(expected);
    expect(readlinkSync(place("link"))).toBe("a/ü b.txt");
    expect(lstatSync(place("run.sh")).mode & 0o111).toBe(0o111);
    expect((await files.list()).entries.map(({ path }) => path)).toEqual(["a", "empty", "link", "run.sh"]);
  });

  it("that is merged leaves alone what it does not name", async () => {
    writeFiles(place(), { "kept/a": "1", "both/a": "1", "both/b": "1", file: "1" });
    files.lab.runner.giveWorkspace();
    const archive = make("mkdir both new; echo -n 2 > both/b; echo -n 2 > new/c; echo -n 2 > file");
    await files.upload(format, "merge", archive);
    expect(readTree(place())).toEqual({ "kept/a": "1", "both/a": "1", "both/b": "2", "new/c": "2", file: "2" });
  });

  it.each([
    ["a file where a directory is", "echo > dir"],
    ["a directory where a file is", "mkdir file; echo > file/x"],
    ["a directory where a link is", "mkdir link; echo > link/x"],
  ])("that has %s is not merged", async (_, script) => {
    const outside = temporaryDirectory();
    writeFiles(place(), { "dir/f": "1", file: "1" });
    symlinkSync(outside, place("link"));
    files.lab.runner.giveWorkspace();
    expect(await refusalOf(files.upload(format, "merge", make(`echo > new; ${script}`)))).toMatchObject({
      code: "conflict",
    });
    expect(readTree(place())).toEqual({ "dir/f": "1", file: "1" });
    expect(readTree(outside)).toEqual({});
  });

  it("of thousands of files goes up and down", { timeout: 60_000 }, async () => {
    const archive = make("for d in $(seq 20); do mkdir $d; (cd $d; for f in $(seq 100); do echo $f > $f; done); done");
    expect(await files.upload(format, "replace", archive)).toMatchObject({ files: 2_000 });
    expect(Object.keys(readTree(unpacked(format, await files.download(format))))).toHaveLength(2_000);
  });

  it("that is another format, cut off or empty is refused, and changes nothing", async () => {
    writeFiles(place(), { f: "1" });
    files.lab.runner.giveWorkspace();
    const whole = make("head -c 100000 /dev/urandom > f; cp f g");
    const other = makers[format === "zip" ? "tar.zst" : "zip"]("echo 2 > f");
    for (const bad of [other, whole.subarray(0, whole.length - 1_000), Buffer.alloc(0), Buffer.from("text")]) {
      expect(await refusalOf(files.upload(format, "replace", bad))).toMatchObject({
        status: 422,
        code: "archive_refused",
      });
    }
    expect(readTree(place())).toEqual({ f: "1" });
  });
});

it.each([
  ["ustar", ["--format=ustar", "."]],
  ["GNU tar", ["--format=gnu", "."]],
  ["pax", ["--format=posix", "."]],
  ["version 7", ["--format=v7", "short"]],
  ["names without ./", ["--format=gnu", "short", "n"]],
])("a tar archive of the kind %s goes up", async (kind, args) => {
  const long = `n/${"d".repeat(90)}/${"e".repeat(kind === "ustar" ? 60 : 200)}`;
  const script = `mkdir -p "$(dirname ${long})"; echo -n x > ${long}; echo -n y > short; ln -s short l; ln short hard`;
  await files.upload("tar.zst", "replace", tarOf(script, "--owner=root:0", "--group=staff:20", ...args));
  const all = { [long]: "x", short: "y", hard: "y" };
  const expected = args.includes(".") ? all : args.includes("n") ? { [long]: "x", short: "y" } : { short: "y" };
  expect(readTree(place())).toEqual(expected);
  if (args.includes(".")) expect(lstatSync(place("short")).ino).toBe(lstatSync(place("hard")).ino);
});

it("names that are no UTF-8 go up and down in a tar archive; a zip archive cannot hold them", async () => {
  await files.upload("tar.zst", "replace", tarOf("touch $'f\\xff' $'two\\nlines'"));
  const names = execFileSync("ls", ["-1b"], {
    cwd: place(),
    env: { PATH: process.env.PATH, LC_ALL: "C" },
    encoding: "utf8",
  });
  expect(names).toBe("f\\377\ntwo\\nlines\n");
  expect(
    execFileSync("ls", ["-1b"], {
      cwd: unpacked("tar.zst", await files.download("tar.zst")),
      env: { PATH: process.env.PATH, LC_ALL: "C" },
      encoding: "utf8",
    }),
  ).toBe(names);
  expect(await refusalOf(files.download("zip"))).toMatchObject({ status: 409, code: "conflict" });
});

it("a special file in the workspace is no reason to give no archive", async () => {
  makeFifo(place("pipe"));
  writeFiles(place(), { f: "1" });
  files.lab.runner.giveWorkspace();
  expect(readTree(unpacked("zip", await files.download("zip")))).toEqual({ f: "1" });
});

it("only one of them comes in at a time", async () => {
  const archive = tarOf("head -c 3000000 /dev/urandom > f");
  let release = (): void => {};
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(archive.subarray(0, 1_000));
      release = () => {
        controller.enqueue(archive.subarray(1_000));
        controller.close();
      };
    },
  });
  const path = "/files/archive?format=tar.zst&mode=replace";
  const first = files.lab.runner.request(path, { method: "PUT", body, duplex: "half" } as RequestInit);
  await expect.poll(() => existsSync(join(files.lab.runner.dataDir, "incoming"))).toBe(true);
  await expect
    .poll(async () => (await refusalOf(files.write({ files: [{ path: "x", content: "" }] }))).code)
    .toBe("disk_busy");
  release();
  expect((await first).status).toBe(200);
  expect(readFileSync(place("f")).length).toBe(3_000_000);
});
