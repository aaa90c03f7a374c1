// Where a page of agents ends: opaque to callers, and checked when it comes back.
import * as z from "zod";
import { AppError } from "../errors.ts";

/** The last row of a page, by what rows are ordered by. */
export interface Position {
  last_active_at: number;
  agent_id: string;
}

const Encoded = z.tuple([z.number().int(), z.string().max(64)]);

export function encodeCursor({ last_active_at, agent_id }: Position): string {
  // An agent_id is ASCII, so this never throws.
  return btoa(JSON.stringify([last_active_at, agent_id]))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

/** Throws `invalid_input` for a text that this server did not make. */
export function decodeCursor(cursor: string): Position {
  const parsed = Encoded.safeParse(parse(cursor));
  if (!parsed.success) {
    throw new AppError("invalid_input", "cursor must be next_cursor of an earlier page. Leave it out for the first.");
  }
  const [last_active_at, agent_id] = parsed.data;
  return { last_active_at, agent_id };
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(atob(cursor.replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    return undefined;
  }
}
