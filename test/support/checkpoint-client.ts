// The routes of checkpoints and restores as the Worker calls them.
import { createHash } from "node:crypto";
import { expect } from "vitest";
import { CheckpointAnswer, HeldCheckpoints } from "../../container/lib/checkpoint-protocol.ts";
import type { TestRunner } from "./runner.ts";

export interface Saved {
  id: string;
  bytes: Buffer;
  sha256: string;
  notes: string[];
}

let lastId = 0;

/** Undefined where nothing has changed. */
export async function saveDisk(runner: TestRunner, parent: string | null): Promise<Saved | undefined> {
  const id = `ckpt_${++lastId}`;
  const request = { id, parent, is_base: false, is_forced: false };
  const response = await runner.request("/checkpoints", { method: "POST", body: JSON.stringify(request) });
  const body: unknown = await response.json();
  expect(response.status, JSON.stringify(body)).toBe(200);
  const answer = CheckpointAnswer.parse(body);
  if (answer.status === "unchanged") return undefined;
  const archive = await runner.request(`/checkpoints/${id}?offset=0&length=${answer.bytes}`);
  const bytes = Buffer.from(await archive.arrayBuffer());
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(answer.sha256);
  await runner.request(`/checkpoints/${id}`, { method: "DELETE" });
  return { id, bytes, sha256: answer.sha256, notes: answer.notes };
}

export async function beginRestore(runner: TestRunner): Promise<void> {
  expect((await runner.request("/restore", { method: "POST", body: "{}" })).status).toBe(200);
}

export function putArchive(
  runner: TestRunner,
  { sha256, bytes }: Saved,
  body: Buffer | ReadableStream<Uint8Array> = bytes,
): Promise<Response> {
  const path = `/restore/archive?sha256=${sha256}&bytes=${bytes.length}`;
  // A body that is a stream is sent while its answer is awaited.
  return runner.request(path, { method: "PUT", body, duplex: "half" } as RequestInit); // which the type does not know
}

export function finishRestore(runner: TestRunner, id: string | null): Promise<Response> {
  return runner.request("/restore/finish", { method: "POST", body: JSON.stringify({ id }) });
}

/** The state of the last of the chain, the base first. */
export async function restoreDisk(runner: TestRunner, chain: readonly Saved[]): Promise<void> {
  await beginRestore(runner);
  for (const archive of chain) expect((await putArchive(runner, archive)).status).toBe(200);
  expect((await finishRestore(runner, chain.at(-1)?.id ?? null)).status).toBe(200);
}

export async function heldBy(runner: TestRunner): Promise<string[]> {
  return HeldCheckpoints.parse(await (await runner.request("/checkpoints")).json()).held;
}
