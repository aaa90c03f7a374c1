// The bucket fails, loses or damages what it was given, or somebody goes away in the middle: a result is never lost by that, and
// never a checkpoint that is good.
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { ArchiveBucket } from "../../src/agent/checkpoints/archive-bucket.ts";
import type { CodexAgent } from "../../src/agent/codex-agent.ts";
import { abort, eventually, inStore, newAgent, run, settled, start, turn } from "./support/agents.ts";
import { breakBucket, bucket, checkpoints, fallAsleep, loseContainer, objects, write } from "./support/checkpoints.ts";
import { lab, modelRequests } from "./support/lab.ts";

const it = test.concurrent;

it("gives a result out also where the bucket fails, says so, and saves the files with the next turn", async () => {
  const agent = newAgent();
  await write(agent, "echo one > a.txt");
  const mend = await breakBucket(agent, "put", () => Promise.reject(new Error("R2 is down")));
  const view = await write(agent, "echo two > b.txt");
  expect(view).toMatchObject({ status: "completed", answer: "Done." });
  expect(view.evidence?.notes).toEqual([expect.stringContaining("were not saved")]);
  expect(await checkpoints(agent)).toHaveLength(1);
  mend();
  const next = await write(agent, "echo three > c.txt");
  expect(next.evidence?.notes).toEqual([]);
  await loseContainer(agent);
  await run(agent, turn());
  expect(await lab.shell(agent, "cat ?.txt")).toBe("one\ntwo\nthree\n");
});

it("tries again where the bucket fails once", async () => {
  const agent = newAgent();
  let times = 0;
  const mend = await breakBucket(agent, "put", (): unknown => {
    times++;
    mend();
    return Promise.reject(new Error("R2 hiccup"));
  });
  const view = await write(agent, "echo one > a.txt");
  expect([times, view.evidence?.notes]).toEqual([1, []]);
  expect(await checkpoints(agent)).toHaveLength(1);
});

it("keeps an agent awake whose files could not be saved", async () => {
  const agent = newAgent();
  const mend = await breakBucket(agent, "put", () => Promise.reject(new Error("R2 is down")));
  await write(agent, "echo one > a.txt");
  await runInDurableObject(agent, (instance: CodexAgent) => instance.onActivityExpired());
  expect(await runInDurableObject(agent, (_, { container }) => container?.running)).toBe(true);
  mend();
  await fallAsleep(agent);
  await lab.wipeDisk(agent);
  await run(agent, turn());
  expect(await lab.readFile(agent, "a.txt")).toBe("one\n");
});

it("saves before sleep also what an object that went away meanwhile knows nothing of", async () => {
  const agent = newAgent();
  await write(agent, "echo one > a.txt");
  await lab.writeFile(agent, "by-hand.txt", "precious");
  const back = await abort(agent);
  await fallAsleep(back);
  await lab.wipeDisk(back);
  await run(back, turn());
  expect(await lab.readFile(back, "by-hand.txt")).toBe("precious");
});

it.for([
  ["missing", (key: string): Promise<unknown> => bucket().delete(key)],
  ["damaged", (key: string): Promise<unknown> => bucket().put(key, "garbage")],
] as const)("passes over a checkpoint that is %s for the one before it, with a warning", async ([_, spoil]) => {
  const agent = newAgent();
  for (const name of ["one", "two", "three"]) await write(agent, `echo ${name} > ${name}.txt`);
  const [, second, first] = await checkpoints(agent);
  await spoil(second?.key ?? "");
  await loseContainer(agent);
  const view = await run(agent, turn());
  expect(view.status).toBe("completed");
  expect(view.evidence?.notes).toEqual([expect.stringContaining(`Checkpoint ${second?.id} is damaged or missing`)]);
  expect(view.evidence?.notes[0]).toContain(first?.id);
  expect(await lab.shell(agent, "ls")).toBe("one.txt\n");
  // It goes on from there, and the next loss loses nothing more.
  await write(agent, "echo four > four.txt");
  await loseContainer(agent);
  expect((await run(agent, turn())).evidence?.notes).toEqual([]);
  expect(await lab.shell(agent, "ls | tr '\\n' ' '")).toBe("four.txt one.txt ");
});

it("begins empty, and says so, where no checkpoint is left", async () => {
  const agent = newAgent();
  await write(agent, "echo one > one.txt");
  const [only] = await checkpoints(agent);
  await bucket().delete(only?.key ?? "");
  await loseContainer(agent);
  const view = await run(agent, turn());
  expect(view.evidence?.notes).toEqual([expect.stringContaining("begins empty")]);
  expect(await lab.shell(agent, "ls")).toBe("");
});

it("starts no turn on an empty disk while the bucket cannot be read, and takes no checkpoint for lost", async () => {
  const agent = newAgent();
  await write(agent, "echo one > a.txt");
  await loseContainer(agent);
  const mend = await breakBucket(agent, "get", () => Promise.reject(new Error("R2 is down")));
  const request = turn();
  expect(await run(agent, request)).toMatchObject({ status: "failed", error: { code: "storage_unavailable" } });
  expect(await modelRequests(request.prompt)).toEqual([]);
  mend();
  expect((await run(agent, turn())).evidence?.notes).toEqual([]);
  expect(await lab.readFile(agent, "a.txt")).toBe("one\n");
});

it("finds and removes what attempts have left that broke off", async () => {
  const agent = newAgent();
  await write(agent, "echo one > a.txt");
  const orphan = `agents/owner/${agent.id}/ckpt_broken.tar.zst`;
  await bucket().put(orphan, "half");
  const upload = await bucket().createMultipartUpload(`${orphan}2`);
  await inStore(agent, ({ looseObjects }) => {
    looseObjects.add(orphan);
    looseObjects.add(`${orphan}2`, upload.uploadId);
  });
  const back = await abort(agent);
  await run(back, turn());
  await eventually(() => inStore(back, ({ looseObjects }) => looseObjects.list().length === 0));
  expect(await objects(agent)).toHaveLength(1);
  await expect(upload.uploadPart(1, "x")).rejects.toThrow();
});

it("takes a checkpoint up again whose object went away in the middle", async () => {
  const agent = newAgent();
  await write(agent, "echo one > a.txt");
  let isPutting = false;
  const mend = await breakBucket(agent, "put", () => {
    isPutting = true;
    return new Promise(() => {});
  });
  const { turn_id } = await start(agent, turn([{ run: "echo two > b.txt" }, { say: "Done." }], { access: "write" }));
  await eventually(() => isPutting);
  mend();
  const back = await abort(agent);
  expect(await settled(back, turn_id)).toMatchObject({ status: "completed", answer: "Done." });
  await loseContainer(back);
  await run(back, turn());
  expect(await lab.readFile(back, "b.txt")).toBe("two\n");
});

it("removes every object of an agent that is deleted, also those that nothing refers to", async () => {
  const agent = newAgent();
  await write(agent, "echo one > a.txt");
  await bucket().put(`agents/owner/${agent.id}/ckpt_forgotten.tar.zst`, "x");
  const request = { inactive_since: Date.now() + 60_000, delete_data: true, dry_run: false };
  await eventually(async () => (await agent.retire(request)).ok);
  expect(await objects(agent)).toEqual([]);
});

it("keeps all of an agent whose objects cannot be removed, so that it can be tried again", async () => {
  const agent = newAgent();
  const { turn_id } = await write(agent, "echo one > a.txt");
  const mend = await breakBucket(agent, "delete", () => Promise.reject(new Error("R2 is down")));
  const request = { inactive_since: Date.now() + 60_000, delete_data: true, dry_run: false };
  await eventually(async () => !(await agent.retire(request)).ok);
  expect(await agent.retire(request)).toMatchObject({ ok: false, code: "storage_unavailable" });
  mend();
  expect(await agent.getTurn(turn_id)).toMatchObject({ ok: true, value: { status: "completed" } });
  expect(await objects(agent)).toHaveLength(1);
});

it("sends a large archive in parts, and takes none that is not what it should be", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(65_536));
  const whole = new Uint8Array(11 * 1024 * 1024);
  for (let at = 0; at < whole.length; at += bytes.length) whole.set(bytes, at);
  const sha256 = await sha256Of(whole);
  const prefix = `agents/test/${crypto.randomUUID()}/`;
  const archives = new ArchiveBucket({ bucket: bucket(), prefix: () => prefix, partBytes: 5 * 1024 * 1024 });
  const read = async (offset: number, length: number) =>
    new Response(whole.slice(offset, offset + length)).body as ReadableStream<Uint8Array>; // made of bytes
  const uploads: string[] = [];
  await archives.put(archives.keyOf("ckpt_1"), { bytes: whole.length, sha256, read }, (id) => uploads.push(id));
  expect(uploads).toHaveLength(1);
  const stored = await new Response(await archives.get(archives.keyOf("ckpt_1"))).arrayBuffer();
  expect(await sha256Of(stored)).toBe(sha256);
  const wrong = { bytes: whole.length, sha256: sha256.replace(/^./, (digit) => (digit === "0" ? "1" : "0")), read };
  await expect(archives.put(archives.keyOf("ckpt_2"), wrong, () => {})).rejects.toThrow("changed on its way");
  expect(await archives.get(archives.keyOf("ckpt_2"))).toBeNull();
  await archives.removeAll();
  expect(await archives.get(archives.keyOf("ckpt_1"))).toBeNull();
});

async function sha256Of(bytes: BufferSource): Promise<string> {
  const digest = [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))];
  return digest.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
