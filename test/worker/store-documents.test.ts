// Texts of any length in a database whose rows hold 2 MB.
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { Documents } from "../../src/agent/store/documents.ts";
import { newAgent } from "./support/agents.ts";

const CUT = 400_000;

it.each([
  ["nothing", ""],
  ["one character", "a"],
  ["one piece to the last character", "a".repeat(CUT)],
  ["one character more than a piece", "a".repeat(CUT + 1)],
  ["3 MB of characters of three bytes", "漢".repeat(1_000_000)],
  ["4 MB of characters of four bytes", "😀".repeat(1_000_000)],
  ["an emoji across the cut", `${"a".repeat(CUT - 1)}😀${"b".repeat(CUT)}`],
  ["an emoji across each of two cuts", `${"a".repeat(CUT - 1)}😀${"b".repeat(CUT - 3)}😀c`],
  ["line ends and quotes", "a\r\n'b'\0\"c\"\u2028"],
])("gives back %s unchanged", async (_, text) => {
  await inDocuments((documents) => {
    documents.put("turn_1", "request", text);
    expect(documents.get("turn_1", "request") === text).toBe(true);
  });
});

it("leaves nothing of a longer text that was there before", async () => {
  await inDocuments((documents) => {
    documents.put("turn_1", "result", "a".repeat(3 * CUT));
    documents.put("turn_1", "result", "short");
    expect(documents.get("turn_1", "result")).toBe("short");
  });
});

it("knows documents by both their owner and their kind", async () => {
  await inDocuments((documents) => {
    documents.put("turn_1", "request", "one");
    documents.put("turn_1", "result", "two");
    documents.put("turn_2", "request", "three");
    expect(documents.get("turn_1", "request")).toBe("one");
    expect(documents.get("turn_2", "result")).toBeUndefined();
  });
});

function inDocuments(test: (documents: Documents) => void): Promise<void> {
  return runInDurableObject(newAgent(), (_, { storage }) => test(new Documents(storage.sql)));
}
