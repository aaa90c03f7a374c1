// When a checkpoint holds all of the disk anew, and which ones are kept.
export interface ChainLink {
  id: string;
  /** Null for a base. */
  parent: string | null;
  bytes: number;
}

const MIB = 1024 * 1024;

/** While somebody waits for a turn only what makes a restore really long; while nobody does, what makes it long. */
const LIMITS = {
  busy: { deltas: 50, ratio: 2, bytes: 16 * MIB },
  idle: { deltas: 8, ratio: 0.5, bytes: MIB },
};

/** Whether the next checkpoint after that chain (the base first) is to be a base. */
export function needsBase(chain: readonly ChainLink[], isIdle: boolean): boolean {
  const [base, ...deltas] = chain;
  if (base === undefined) return true;
  const limit = isIdle ? LIMITS.idle : LIMITS.busy;
  const deltaBytes = deltas.reduce((sum, { bytes }) => sum + bytes, 0);
  return deltas.length >= limit.deltas || deltaBytes > Math.max(base.bytes * limit.ratio, limit.bytes);
}

/** Those that can go: neither among the `kept` newest, nor one of `pinned`, nor needed by one of these. `rows` has the newest first. */
export function outdated<Row extends ChainLink>(rows: readonly Row[], pinned: readonly string[], kept: number): Row[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const needed = new Set<string>();
  const newest = rows.slice(0, kept).map(({ id }) => id);
  for (let id of [...newest, ...pinned]) {
    for (let row = byId.get(id); row !== undefined && !needed.has(id); row = byId.get(id)) {
      needed.add(id);
      id = row.parent ?? "";
    }
  }
  return rows.filter(({ id }) => !needed.has(id));
}
