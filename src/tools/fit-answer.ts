// Makes an envelope fit what clients take in one answer. What is left out is named in `cut`, and `next` says how to read it.
import type { Cut, Envelope } from "./envelope.ts";

/** claude.ai takes 150 000 characters, of which the Markdown needs some; Claude Code takes 25 000 tokens of the structured part. */
const MAX_CHARS = 80_000;
/** Of a long text at least this much stays. */
const MIN_TEXT_CHARS = 4_000;

/** The same envelope where it fits. */
export function fitAnswer(envelope: Envelope): Envelope {
  if (sizeOf(envelope) <= MAX_CHARS) return envelope;
  const fitted = structuredClone(envelope);
  const cuts = new Map<string, Cut>();
  // Each round makes something shorter, so this ends.
  for (let excess = sizeOf(fitted) - MAX_CHARS; excess > 0; excess = sizeOf(fitted) - MAX_CHARS) {
    const places = nextPlaces(placesIn(fitted, ""));
    if (places.length === 0) break;
    for (const { shorten } of places) {
      if (excess <= 0) break;
      const { saved, field, kept, total } = shorten(excess);
      cuts.set(field, { field, kept, total: cuts.get(field)?.total ?? total });
      excess -= saved;
    }
  }
  return withCuts(fitted, [...cuts.values()]);
}

interface Place {
  kind: "text" | "list";
  size: number;
  /** Makes it shorter by `excess` characters, or by as much as may go. `saved` is what that surely brought. */
  shorten(excess: number): Cut & { saved: number };
}

/** Long texts first, the longest of them before the others; then lists, one at a time. */
function nextPlaces(places: Place[]): Place[] {
  const bySize = places.sort((a, b) => b.size - a.size);
  const texts = bySize.filter(({ kind }) => kind === "text");
  return texts.length > 0 ? texts : bySize.slice(0, 1);
}

function withCuts(envelope: Envelope, cut: Cut[]): Envelope {
  if (!("turn_id" in envelope) || envelope.status === "failed") return envelope;
  const { turn_id, agent_id } = envelope;
  const rest = `Parts of this answer were cut for their length (see cut). read_turn with turn_id "${turn_id}" and agent_id "${agent_id}" brings it whole, page by page.`;
  const next = "next" in envelope && envelope.next !== undefined ? `${envelope.next} ${rest}` : rest;
  return { ...envelope, cut, next } as Envelope; // every status that is long enough to be cut has both fields
}

/** Long texts, and lists of more than one item, each with how to make it shorter. */
function placesIn(node: unknown, path: string): Place[] {
  if (typeof node !== "object" || node === null) return [];
  const own = Array.isArray(node) && node.length > 1 ? [listPlace(node, path)] : [];
  const inside = Object.entries(node).flatMap(([key, value]) => {
    const field = path === "" ? key : `${path}.${key}`;
    if (typeof value !== "string") return placesIn(value, field);
    return value.length > MIN_TEXT_CHARS + MARK_CHARS ? [textPlace(node, key, field, value)] : [];
  });
  return [...own, ...inside];
}

/** Room for the mark at the end of a text that was cut. */
const MARK_CHARS = 100;

function textPlace(owner: object, key: string, field: string, text: string): Place {
  return {
    kind: "text",
    size: text.length,
    shorten: (excess) => {
      const kept = Math.max(MIN_TEXT_CHARS, text.length - excess - MARK_CHARS);
      Object.assign(owner, { [key]: `${text.slice(0, kept)}\n… cut: ${kept} of ${text.length} characters` });
      return { field, kept, total: text.length, saved: text.length - kept - MARK_CHARS };
    },
  };
}

/** Loses its last quarter. */
function listPlace(list: unknown[], field: string): Place {
  const total = list.length;
  return {
    kind: "list",
    size: sizeOf(list),
    shorten: () => {
      const kept = Math.max(1, Math.floor((total * 3) / 4));
      const saved = list.splice(kept).reduce((sum: number, item) => sum + sizeOf(item), 0);
      return { field, kept, total, saved };
    },
  };
}

function sizeOf(value: unknown): number {
  return JSON.stringify(value).length;
}
