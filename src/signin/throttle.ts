// Slows down guessing passwords, and filling the storage with client registrations.
import { AppError } from "../errors.ts";
import type { AttemptLimits } from "../fleet/attempts.ts";
import { doorkeeperOf, type FleetNamespace } from "../fleet/fleet-of.ts";

export class TooManyAttempts extends AppError {
  readonly retryAfterSeconds: number;

  constructor(waitMs: number) {
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    super("busy", `Too many attempts. Try again in ${seconds} seconds.`);
    this.retryAfterSeconds = seconds;
  }
}

const MINUTE_MS = 60_000;

const LIMITS = {
  password: { window_ms: 15 * MINUTE_MS, per_address: 10, in_all: 100 },
  registration: { window_ms: 60 * MINUTE_MS, per_address: 60, in_all: 1_000 },
} as const satisfies Record<string, AttemptLimits>;

/** Counts before the attempt is looked at: many at once are not let through together. Throws {@link TooManyAttempts}. */
export async function admitAttempt(fleet: FleetNamespace, kind: keyof typeof LIMITS, request: Request): Promise<void> {
  const waitMs = await doorkeeperOf(fleet).admit(kind, addressOf(request), LIMITS[kind]);
  if (waitMs !== null) throw new TooManyAttempts(waitMs);
}

export async function forgiveAttempts(fleet: FleetNamespace, kind: keyof typeof LIMITS, request: Request) {
  await doorkeeperOf(fleet).forgive(kind, addressOf(request));
}

/** Cloudflare writes the header and overwrites what a client sends. One household has many IPv6 addresses: their /64 counts. */
function addressOf(request: Request): string {
  const address = request.headers.get("cf-connecting-ip") ?? "unknown";
  if (!address.includes(":")) return address.slice(0, 64);
  const [head = "", tail] = address.split("::");
  const groups = head.split(":");
  const missing = tail === undefined ? 0 : Math.max(0, 4 - groups.length);
  return [...groups, ...Array<string>(missing).fill("0")].slice(0, 4).join(":").slice(0, 64);
}
