import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  findRollout,
  RolloutFile,
  restoreRollout,
  rolloutBytes,
} from "../../../../../container/runner/turn/rollout.ts";
import { makeScratchDir } from "../../../../support/app-server-driver.ts";
import { readTree } from "../lab.ts";

const THREAD = "01999999-0000-7000-8000-00000000000a";
const OTHER = "01999999-0000-7000-8000-00000000000b";
const PIECE_BYTES = 256 * 1024;

let home: string;
let path: string;

beforeEach(() => {
  home = makeScratchDir("codex-home-");
  path = join(home, "rollout.jsonl");
});
afterEach(() => rmSync(home, { recursive: true }));

describe("the new lines of a rollout", () => {
  it("are read once each", async () => {
    const rollout = new RolloutFile(THREAD, path, 0);
    writeFileSync(path, "one\ntwo\n");
    expect(await rollout.read()).toEqual([
      { type: "rollout", thread_id: THREAD, offset: 0, bytes: 8, text: "one\ntwo\n" },
    ]);
    expect(await rollout.read()).toEqual([]);
    appendFileSync(path, "three\n");
    expect(await rollout.read()).toMatchObject([{ offset: 8, bytes: 6, text: "three\n" }]);
  });

  it("begin where the caller's copy ends", async () => {
    writeFileSync(path, "one\ntwo\n");
    expect(await new RolloutFile(THREAD, path, 4).read()).toMatchObject([{ offset: 4, text: "two\n" }]);
    expect(await new RolloutFile(THREAD, path, 8).read()).toEqual([]);
    expect(await new RolloutFile(THREAD, path, 99).read()).toEqual([]);
  });

  it("are held back until they are whole", async () => {
    const rollout = new RolloutFile(THREAD, path, 0);
    writeFileSync(path, "one\ntw");
    expect(await rollout.read()).toMatchObject([{ text: "one\n" }]);
    expect(await rollout.read()).toEqual([]);
    appendFileSync(path, "o\n");
    expect(await rollout.read()).toMatchObject([{ offset: 4, text: "two\n" }]);
  });

  it("are none while there is no file", async () => {
    expect(await new RolloutFile(THREAD, path, 0).read()).toEqual([]);
  });

  // The character begins 0 to 4 bytes before the end of the first piece, so that its bytes are cut at each place.
  it.each(["é", "漢", "😀"].flatMap((char) => [0, 1, 2, 3, 4].map((before) => [char, before] as const)))(
    "are cut into pieces between characters: %s, %i bytes before the end of a piece",
    async (char, before) => {
      const text = `${"x".repeat(PIECE_BYTES - before)}${char.repeat(200_000)}\n`;
      writeFileSync(path, text);
      const pieces = await new RolloutFile(THREAD, path, 0).read();
      expect(pieces.length).toBeGreaterThan(1);
      expect(pieces.map((piece) => piece.text).join("")).toBe(text);
      let offset = 0;
      for (const piece of pieces) {
        expect(piece.offset).toBe(offset);
        expect(piece.bytes).toBe(Buffer.byteLength(piece.text));
        expect(piece.bytes).toBeLessThanOrEqual(PIECE_BYTES);
        offset += piece.bytes;
      }
    },
  );

  it("are counted in the bytes of the file, also where these are not valid text", async () => {
    writeFileSync(path, Buffer.from([0x41, 0xff, 0x0a]));
    expect(await new RolloutFile(THREAD, path, 0).read()).toMatchObject([{ offset: 0, bytes: 3 }]);
  });
});

describe("the lines up to the end of a turn", () => {
  const endOf = (turn: string, type = "task_complete") => `{"payload":{"type":"${type}","turn_id":"${turn}"}}\n`;

  it.each(["task_complete", "turn_aborted"])("are waited for until the line %s", async (type) => {
    const rollout = new RolloutFile(THREAD, path, 0);
    writeFileSync(path, "one\n");
    const reading = rollout.readToEndOf("t1", 5_000);
    await sleep(30);
    appendFileSync(path, endOf("t1", type));
    expect((await reading).map(({ text }) => text).join("")).toBe(`one\n${endOf("t1", type)}`);
  });

  it("are waited for no longer than that", async () => {
    writeFileSync(path, `one\n${endOf("another")}{"type":"task_started","turn_id":"t1"}\n`);
    const startedAt = Date.now();
    const events = await new RolloutFile(THREAD, path, 0).readToEndOf("t1", 100);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(99);
    expect(events).toHaveLength(1);
  });

  it("are there at once when the file has them", async () => {
    writeFileSync(path, endOf("t1"));
    const startedAt = Date.now();
    await new RolloutFile(THREAD, path, 0).readToEndOf("t1", 5_000);
    expect(Date.now() - startedAt).toBeLessThan(1_000);
  });

  it("are recognised also where the last line falls into two pieces", async () => {
    writeFileSync(path, `${"x".repeat(PIECE_BYTES - 40)}\n${endOf("t1")}`);
    const startedAt = Date.now();
    await new RolloutFile(THREAD, path, 0).readToEndOf("t1", 5_000);
    expect(Date.now() - startedAt).toBeLessThan(1_000);
  });
});

describe("the rollout of a thread", () => {
  function place(name: string, content: string): void {
    mkdirSync(join(home, "sessions", "2026", "01", "02"), { recursive: true });
    writeFileSync(join(home, "sessions", "2026", "01", "02", name), content);
  }

  it("is found by its thread id", async () => {
    place(`rollout-2026-01-02T03-04-05-${OTHER}.jsonl`, "other");
    place(`rollout-2026-01-02T03-04-06-${THREAD}.jsonl`, "mine!");
    expect(await rolloutBytes(home, THREAD)).toBe(5);
    expect(readFileSync((await findRollout(home, THREAD)) ?? "", "utf8")).toBe("mine!");
  });

  it("is the later one where Codex began a new file", async () => {
    place(`rollout-2026-01-02T03-04-06-${THREAD}.jsonl`, "1");
    place(`rollout-2026-01-02T03-04-07-${THREAD}.jsonl`, "22");
    expect(await rolloutBytes(home, THREAD)).toBe(2);
  });

  it("is missing on an empty disk, and where there is only a part of a restored one", async () => {
    expect(await findRollout(home, THREAD)).toBeUndefined();
    expect(await rolloutBytes(home, THREAD)).toBe(0);
    place(`rollout-2026-01-02T03-04-06-${THREAD}.jsonl.partial`, "half");
    expect(await rolloutBytes(home, THREAD)).toBe(0);
  });

  it("replaces the one on disk when it is put back", async () => {
    place(`rollout-2026-01-02T03-04-06-${THREAD}.jsonl`, "old");
    place(`rollout-2026-01-02T03-04-06-${OTHER}.jsonl`, "other");
    await restoreRollout(home, THREAD, Readable.from(["ne", "w"]));
    expect(Object.values(readTree(join(home, "sessions"))).sort()).toEqual(["new", "other"]);
    await restoreRollout(home, THREAD, Readable.from(["newer"]));
    expect(Object.values(readTree(join(home, "sessions"))).sort()).toEqual(["newer", "other"]);
    expect(await rolloutBytes(home, THREAD)).toBe(5);
  });

  it("stays as it was when its replacement breaks off", async () => {
    place(`rollout-2026-01-02T03-04-06-${THREAD}.jsonl`, "old");
    const broken = Readable.from(
      (async function* () {
        yield "new";
        throw new Error("connection lost");
      })(),
    );
    await expect(restoreRollout(home, THREAD, broken)).rejects.toThrow("connection lost");
    expect(await rolloutBytes(home, THREAD)).toBe(3);
  });
});
