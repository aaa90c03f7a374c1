const maxBlockMs = 10;

/**
 * Lets long synchronous work give way to the event loop.
 * The returned function answers undefined while there is time left, else a promise to await before going on.
 */
export function createTimeSlice(): () => Promise<void> | undefined {
  let startedAt = performance.now();
  return () => {
    if (performance.now() - startedAt < maxBlockMs) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        startedAt = performance.now();
        resolve();
      });
    });
  };
}
