// What differs between a checkpoint and the workspace as it is.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { CheckpointAnswer } from "../../../../container/lib/checkpoint-protocol.ts";
import { refusalOf, useFilesLab } from "./files-lab.ts";
import { writeFiles } from "./lab.ts";

const files = useFilesLab();
const place = (...names: string[]): string => join(files.lab.runner.workspace, ...names);

function prepare(contents: Record<string, string>): void {
  writeFiles(place(), contents);
  files.lab.runner.giveWorkspace();
}

let lastId = 0;

/** Saves the disk as the Durable Object does. */
async function checkpoint(parent: string | null): Promise<{ id: string; bytes: Buffer; sha256: string }> {
  const { runner } = files.lab;
  const id = `ckpt_diff${++lastId}`;
  const body = JSON.stringify({ id, parent, is_base: parent === null, is_forced: true });
  const answer = CheckpointAnswer.parse(await (await runner.request("/checkpoints", { method: "POST", body })).json());
  if (answer.status !== "ready") throw new Error("nothing was saved");
  const archive = await runner.request(`/checkpoints/${id}?offset=0&length=${answer.bytes}`);
  return { id, bytes: Buffer.from(await archive.arrayBuffer()), sha256: answer.sha256 };
}

it("is what changed since, over the whole chain", async () => {
  prepare({ "a.txt": "one\n", "gone.txt": "x\n", "same.txt": "same\n", ".gitignore": "ignored\n" });
  const base = await checkpoint(null);
  prepare({ "a.txt": "two\n", "b.txt": "b\n" });
  const delta = await checkpoint(base.id);
  prepare({ "a.txt": "three\n", "new/c.txt": "c\n", ignored: "x", ".git/config": "x" });
  execFileSync("rm", [place("gone.txt")]);

  const sinceDelta = await files.diff([base, delta]);
  expect(sinceDelta.changed_files).toEqual([
    { path: "a.txt", action: "modify", added_lines: 1, removed_lines: 1 },
    { path: "gone.txt", action: "delete", added_lines: 0, removed_lines: 1 },
    { path: "new/c.txt", action: "create", added_lines: 1, removed_lines: 0 },
  ]);
  expect(sinceDelta.diff).toContain("--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-two\n+three\n");
  expect(sinceDelta).toMatchObject({ total_changed: 3, diff_truncated: false, notes: [] });

  const sinceBase = await files.diff([base]);
  expect(sinceBase.diff).toContain("-one\n+three\n");
  expect(sinceBase.changed_files.map(({ path }) => path)).toEqual(["a.txt", "b.txt", "gone.txt", "new/c.txt"]);
  const sinceNothing = await files.diff([]);
  expect(sinceNothing.changed_files.map(({ action }) => action)).toEqual(Array(5).fill("create"));
  expect(readdirSync(join(files.lab.runner.dataDir, "incoming"))).toEqual([]);
});

it("is empty where nothing changed, and the same after the disk was put back together", async () => {
  prepare({ "a.txt": "one\n", "d/b": "two" });
  const base = await checkpoint(null);
  expect(await files.diff([base])).toMatchObject({ total_changed: 0, diff: "" });
  const { runner } = files.lab;
  await runner.request("/restore", { method: "POST", body: "{}" });
  const path = `/restore/archive?sha256=${base.sha256}&bytes=${base.bytes.length}`;
  expect((await runner.request(path, { method: "PUT", body: base.bytes })).status).toBe(200);
  const finish = await runner.request("/restore/finish", { method: "POST", body: JSON.stringify({ id: base.id }) });
  expect(finish.status).toBe(200);
  prepare({ "d/b": "three" });
  expect((await files.diff([base])).changed_files).toMatchObject([{ path: "d/b", action: "modify" }]);
});

it("is refused where the archives are not what the query says", async () => {
  prepare({ f: "1" });
  const { bytes, sha256 } = await checkpoint(null);
  const other = createHash("sha256").update("other").digest("hex");
  expect(await refusalOf(files.diff([{ bytes, sha256: other }]))).toMatchObject({ status: 422, code: "corrupt" });
  const short = files.lab.runner.request(`/files/diff?archive=${sha256}:${bytes.length}`, {
    method: "POST",
    body: bytes.subarray(0, -1),
  });
  expect((await short).status).toBe(422);
  expect((await files.lab.runner.request("/files/diff?archive=x:1", { method: "POST" })).status).toBe(400);
});
