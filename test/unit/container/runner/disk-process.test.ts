// The disk process as its runner sees it: what it does, and what becomes of one that does not do as it should.
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, it } from "vitest";
import * as z from "zod";
import { Stage } from "../../../../container/disk/operations/stage.ts";
import { createLogger } from "../../../../container/lib/log.ts";
import { DiskProcess } from "../../../../container/runner/disk-process.ts";
import { processesNaming, untilGone } from "../../../support/processes.ts";
import { asNobody } from "../workspace/as-nobody.ts";
import { temporaryDirectory } from "../workspace/trees.ts";

const log = createLogger(() => {}, "ERROR");
const Echo = { name: "echo", request: z.object({ text: z.string() }), result: z.object({ bytes: z.number() }) };

/** A disk process that is the given script; `request` is its first line. */
function acting(script: string, timeoutMs = 10_000): DiskProcess {
  const program = join(temporaryDirectory(), "disk.mjs");
  writeFileSync(program, `import fs from "node:fs";\n${script}`);
  return new DiskProcess({ program, timeoutMs, log });
}

const answer = (text: string): string => `process.stderr.write(${JSON.stringify(`${text}\n`)});`;

it("the process that comes with the runner carries out an operation", async () => {
  const directory = join(temporaryDirectory(), "staging");
  expect(await new DiskProcess({ log }).run(Stage, { directory })).toEqual({});
  expect(readdirSync(directory).sort()).toEqual(["home", "workspace"]);
});

it("what a turn left in the place of a restore is removed whatever it is, and no link is followed", async () => {
  const precious = temporaryDirectory();
  writeFileSync(join(precious, "f"), "kept");
  const directory = temporaryDirectory();
  mkdirSync(join(directory, "workspace/closed"), { recursive: true });
  writeFileSync(join(directory, "workspace/closed/f"), "");
  for (const mode of ["workspace/closed", "workspace"]) chmodSync(join(directory, mode), 0);
  symlinkSync(precious, join(directory, "home"));
  await new DiskProcess({ log }).run(Stage, { directory });
  expect(readdirSync(directory).sort()).toEqual(["home", "workspace"]);
  expect(["home", "workspace"].map((name) => readdirSync(join(directory, name)))).toEqual([[], []]);
  expect(lstatSync(join(directory, "home")).isDirectory()).toBe(true);
  expect(readFileSync(join(precious, "f"), "utf8")).toBe("kept");
});

it("both bodies are streamed", async () => {
  const disk = acting(`
    const all = fs.readFileSync(0);
    const start = all.indexOf(10) + 1;
    fs.writeSync(1, all.subarray(start).toString().toUpperCase());
    ${answer('{"ok":true,"result":{"bytes":7}}')}`);
  const output = new PassThrough();
  const [result, body] = await Promise.all([
    disk.run(Echo, { text: "x" }, { input: Readable.from([Buffer.from("a b"), Buffer.from("ody\n")]), output }),
    buffer(output),
  ]);
  expect([result, body.toString()]).toEqual([{ bytes: 7 }, "A BODY\n"]);
});

it("what the process may not do is told as it says", async () => {
  const error = { status: 404, code: "gone", message: "There is nothing." };
  const disk = acting(answer(JSON.stringify({ ok: false, error })));
  const refusal = { status: 404, body: { code: "gone", message: "There is nothing." } };
  await expect(disk.run(Echo, { text: "" })).rejects.toMatchObject(refusal);
});

it.each([
  ["ends without an answer", "process.exit(0);", "ended with 0 and no answer"],
  ["is killed", "process.kill(process.pid, 'SIGKILL');", "ended with SIGKILL and no answer"],
  ["answers and fails", `${answer('{"ok":true,"result":{"bytes":1}}')} process.exit(3);`, "ended with 3"],
  ["answers what it was not asked", answer('{"ok":true,"result":{"bytes":"many"}}'), "bytes"],
  ["answers no JSON", answer("done"), "no answer"],
  ["answers a status that is none", answer('{"ok":false,"error":{"status":200,"code":"x","message":""}}'), "no answer"],
  ["answers without end", "for (;;) fs.writeSync(2, 'x'.repeat(65536));", "aborted"],
  ["answers nothing", "setInterval(() => {}, 1000);", "aborted"],
])("a process that %s is an error", async (_, script, message) => {
  await expect(acting(script, 1_000).run(Echo, { text: "" })).rejects.toThrow(message);
});

it("a body without end stops where its reader does, and the process with it", async () => {
  const disk = acting("for (;;) fs.writeSync(1, 'x'.repeat(65536));");
  const output = new PassThrough();
  let bytes = 0;
  output.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > 1_000_000) output.destroy(new Error("too much"));
  });
  await expect(disk.run(Echo, { text: "" }, { output })).rejects.toThrow("too much");
});

it("an operation that is given up leaves no process", async () => {
  const directory = temporaryDirectory();
  const program = join(directory, "disk.mjs");
  writeFileSync(program, "setInterval(() => {}, 1000);");
  const abort = new AbortController();
  const running = new DiskProcess({ program, log }).run(Echo, { text: "" }, { signal: abort.signal });
  await expect.poll(() => processesNaming(program).length).toBe(1);
  abort.abort();
  await expect(running).rejects.toThrow("aborted");
  await untilGone(() => processesNaming(program), 1_000);
});

it("a body is read to its end although the process wants none of it", async () => {
  const disk = acting(answer('{"ok":true,"result":{"bytes":0}}'));
  const input = Readable.from(Array.from({ length: 200 }, () => Buffer.alloc(65_536)));
  expect(await disk.run(Echo, { text: "" }, { input })).toEqual({ bytes: 0 });
  expect(input.readableEnded).toBe(true);
});

it("a body that breaks off is an error, and ends the process", async () => {
  const disk = acting("process.stdin.resume();");
  const input = new Readable({
    read() {
      this.push("half");
      this.destroy(new Error("the connection is lost"));
    },
  });
  await expect(disk.run(Echo, { text: "" }, { input })).rejects.toThrow("the connection is lost");
});

it("nothing of the runner's environment reaches the process that could change what it does", async () => {
  process.env.NODE_OPTIONS = "--require=/nonexistent.cjs";
  try {
    const names = await acting(
      `process.stderr.write(JSON.stringify({ ok: false, error: { status: 400, code: "env", message: Object.keys(process.env).join() } }) + "\\n")`,
    )
      .run(Echo, { text: "" })
      .catch((error: Error) => error.message);
    expect(String(names)).toContain("PATH");
    expect(String(names)).not.toMatch(/NODE_OPTIONS|HOME|TOKEN/);
  } finally {
    delete process.env.NODE_OPTIONS;
  }
});

it("what the user may not do is an error", async () => {
  if (process.geteuid?.() !== 0) return;
  const directory = temporaryDirectory();
  chmodSync(directory, 0o700);
  await asNobody(async () => {
    await expect(new DiskProcess({ log }).run(Stage, { directory: join(directory, "staging") })).rejects.toThrow(
      "EACCES",
    );
  });
});
