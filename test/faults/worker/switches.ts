// What is armed to fail in this isolate.
import type { Switch } from "../points.ts";

type SqlSwitch = Extract<Switch, { kind: "sql" }>;
type BucketSwitch = Extract<Switch, { kind: "bucket" }>;

let sql: SqlSwitch[] = [];
let bucket: BucketSwitch[] = [];
let clockOffsetMs = 0;

export function arm(switches: readonly Switch[]): void {
  for (const one of switches) {
    if (one.kind === "sql") sql.push({ ...one });
    else if (one.kind === "bucket") bucket.push({ ...one });
    else clockOffsetMs = one.offsetMs;
  }
}

/** All but the clock. */
export function disarm(): void {
  sql = [];
  bucket = [];
}

export function offsetMs(): number {
  return clockOffsetMs;
}

/** What is to happen to this write. */
export function onWrite(object: string): SqlSwitch["how"] | undefined {
  const armed = sql.find((one) => one.object === object && one.times > 0);
  if (armed === undefined || armed.skip-- > 0) return undefined;
  armed.times--;
  return armed.how;
}

/** What is to happen to this request. */
export function onBucket(operation: string): BucketSwitch["how"] | undefined {
  const armed = bucket.find((one) => (one.operation === "any" || one.operation === operation) && one.times > 0);
  if (armed === undefined) return undefined;
  armed.times--;
  return armed.how;
}
