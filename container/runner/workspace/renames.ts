import { posix } from "node:path";

export interface RenameSide {
  path: string;
  /** Of the content. */
  hash: string;
}

/**
 * Pairs created files with deleted ones of the same content. A deleted file is used once; one of the same base name is
 * preferred, else the first in order.
 * @returns for an index in `created` the index in `deleted`.
 */
export function pairRenames(deleted: readonly RenameSide[], created: readonly RenameSide[]): Map<number, number> {
  const sourceByTarget = new Map<number, number>();
  pairBy(({ path, hash }) => `${hash} ${posix.basename(path)}`);
  pairBy(({ hash }) => hash);
  return sourceByTarget;

  function pairBy(keyOf: (side: RenameSide) => string): void {
    const used = new Set(sourceByTarget.values());
    const sourcesByKey = new Map<string, number[]>();
    // From the end, so that pop() takes the first one.
    for (let source = deleted.length - 1; source >= 0; source--) {
      const side = deleted[source];
      if (side === undefined || used.has(source)) continue;
      const key = keyOf(side);
      const sources = sourcesByKey.get(key);
      if (sources === undefined) sourcesByKey.set(key, [source]);
      else sources.push(source);
    }
    for (const [target, side] of created.entries()) {
      if (sourceByTarget.has(target)) continue;
      const source = sourcesByKey.get(keyOf(side))?.pop();
      if (source !== undefined) sourceByTarget.set(target, source);
    }
  }
}
