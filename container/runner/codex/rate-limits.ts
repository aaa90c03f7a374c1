// When a used-up plan is good again, as Codex reads it from the answers of the model API.
import type * as z from "zod";
import { RateLimitsNotification } from "./messages.ts";

type Window = z.infer<typeof RateLimitsNotification>["rateLimits"]["primary"];

/** Unix time in ms at which all windows that are used up have begun anew; null where none is, or none says when. */
export function resetOf(params: unknown): number | null {
  const note = RateLimitsNotification.safeParse(params);
  if (!note.success) return null;
  const { primary, secondary } = note.data.rateLimits;
  const resets = [primary, secondary].flatMap(resetOfUsedUp);
  return resets.length === 0 ? null : Math.max(...resets) * 1_000;
}

function resetOfUsedUp(window: Window): number[] {
  if (window === null || window.usedPercent < 100 || window.resetsAt === null) return [];
  return [window.resetsAt];
}
