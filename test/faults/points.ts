// What the Worker under test and the suite say to each other. The Worker tells of each point that it passes on its way to the
// runner and waits there, so that a fault strikes exactly at that point and not at some time.

export type Point =
  /** A request to a runner or the process host. */
  | {
      type: "call";
      when: "before" | "after";
      port: number;
      method: string;
      path: string;
      /** Of `POST /turns`. */
      turn?: { id: string; prompt: string };
    }
  /** A line of a turn's event stream, before the Durable Object sees it. */
  | { type: "line"; port: number; turn_id: string; line: string }
  /** The process host has started an agent's runner. */
  | { type: "started"; object: string; port: number };

/** What becomes of the line. `half` sends a part of it and breaks the connection; `end` ends the stream as if all was said. */
export type LineAct = "pass" | "cut" | "half" | "end" | "repeat" | "replay" | "drop" | "swap";
/** `refuse`: the request never leaves. `lose`: it is carried out, and its answer is lost. */
export type CallAct = "pass" | "refuse" | "lose";

export interface Answer {
  act: LineAct | CallAct;
  arm?: Switch[];
}

/** Something that fails later, at a place where the Worker cannot wait for anybody. */
export type Switch =
  /** The write number `skip + 1` of an object's database fails, `times` times; or the whole object is reset at it. */
  | { kind: "sql"; object: string; skip: number; times: number; how: "throw" | "reset" }
  /** `after`: the bucket does as it is told, and the answer is lost. */
  | { kind: "bucket"; operation: "put" | "get" | "any"; times: number; how: "before" | "after" }
  /** From now on the Worker's clock is off by so much. */
  | { kind: "clock"; offsetMs: number };

export const SWITCH_ROUTE = "/__faults/switches";
export const OBJECT_ROUTE = "/__faults/object";
export const REMAINS_ROUTE = "/__faults/remains";

/** What is left in the fleet and in the bucket. */
export interface Remains {
  leases: string[];
  objects: string[];
}
