// What this machine cannot run is left out of the tests, and said so; where everything is required, that is a failure.

/** Whether to leave it out. Throws where everything is required. */
export function leaveOut(what: string, isThere: boolean, reason: string): boolean {
  if (isThere) return false;
  if (process.env.REQUIRE_EVERYTHING === "1") throw new Error(`${what} cannot run here. ${reason}`);
  console.warn(`Left out: ${what}. ${reason}`);
  return true;
}
