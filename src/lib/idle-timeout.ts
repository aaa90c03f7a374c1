// Ends a stream of values that stays silent for too long: a peer that vanished without closing its connection.

/** Yields what `source` yields; throws when nothing came for `idleMs`. The source is closed either way. */
export async function* withIdleTimeout<T>(
  source: AsyncGenerator<T, void, undefined>,
  idleMs: number,
): AsyncGenerator<T, void, undefined> {
  try {
    for (;;) {
      const next = await withTimeout(source.next(), idleMs);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // Not awaited: a source that hangs would hang here as well.
    void source.return().catch(() => {});
  }
}

/** Rejects when `promise` takes longer; what it does goes on. */
export async function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came for ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
}
