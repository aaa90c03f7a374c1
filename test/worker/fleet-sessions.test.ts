// Browser sessions of one user: how many there are at most, and what becomes of those that have expired.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { BrowserSessionStore } from "../../src/fleet/browser-session-store.ts";
import { MIGRATIONS } from "../../src/fleet/migrations.ts";
import { migrate } from "../../src/lib/migrate.ts";

const ACCOUNT = { method: "owner", password_tag: "tag" } as const;
const DAY = 86_400_000;

it("ends the oldest of more than a hundred sessions, and never the newest", async () => {
  await inSessions(async ({ sessions, clock, rows }) => {
    for (let n = 0; n < 130; n++) {
      clock.now += n % 2;
      await sessions.open({ id: `s${n}`, secret: "secret", account: ACCOUNT, expires_at: clock.now + 7 * DAY });
    }
    expect(rows()).toBeLessThanOrEqual(101);
    expect(await sessions.use("s0", "secret")).toBeNull();
    for (const id of ["s60", "s129"]) expect(await sessions.use(id, "secret")).toEqual(ACCOUNT);
  });
});

it("forgets sessions that have expired at the next sign-in", async () => {
  await inSessions(async ({ sessions, clock, rows }) => {
    for (let n = 0; n < 50; n++) {
      await sessions.open({ id: `s${n}`, secret: "secret", account: ACCOUNT, expires_at: clock.now + DAY });
    }
    clock.now += DAY;
    await sessions.open({ id: "new", secret: "secret", account: ACCOUNT, expires_at: clock.now + DAY });
    expect(rows()).toBe(1);
  });
});

interface Lab {
  sessions: BrowserSessionStore;
  clock: { now: number };
  rows(): number;
}

function inSessions(work: (lab: Lab) => Promise<void>): Promise<void> {
  return runInDurableObject(env.DIRECTORY.getByName(crypto.randomUUID()), (_, { storage }) => {
    migrate(storage, MIGRATIONS);
    const clock = { now: 1_000_000 };
    const rows = () => storage.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM browser_sessions").one().n;
    return work({ sessions: new BrowserSessionStore(storage.sql, () => clock.now), clock, rows });
  });
}
