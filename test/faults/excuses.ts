// What a fault may cost: the codes with which turns may end because of it. A turn that no fault excuses must complete.
import type { ErrorCode } from "../../src/errors.ts";
import type { Fault } from "./fault-plan.ts";
import type { TurnPlan } from "./plan.ts";
import { TURN_TIMEOUT_S } from "./settings.ts";

/** The container is gone, or was being started again. */
const CONTAINER: readonly ErrorCode[] = ["container_lost", "container_unavailable"];
/** After a turn's deadline its agent gives the runner so long; see turn-runner.ts. */
const GRACE_S = 30;

/** Of that turn. */
export function excusedCodes(
  struck: readonly Fault[],
  { agent, steps }: Pick<TurnPlan, "agent" | "steps">,
): ReadonlySet<string> {
  const ofModel = steps.some((step) => "stallMs" in step && step.stallMs > TURN_TIMEOUT_S * 1_000);
  const ofFaults = struck.flatMap((fault) => (isFelt(fault, agent) ? codesOf(fault) : []));
  return new Set([...ofFaults, ...(ofModel ? ["deadline_exceeded"] : [])]);
}

/** Whether the fault is one of the machine, or of that agent. */
function isFelt({ fault, agent: struck }: Fault, agent: string): boolean {
  const isShared = fault.kind === "clock" || fault.kind === "disk-full" || fault.kind === "bucket";
  if (isShared || (fault.kind === "kill" && fault.what === "host")) return true;
  return (fault.kind === "sql" && fault.of !== "agent") || struck === agent;
}

function codesOf({ fault, place }: Fault): readonly ErrorCode[] {
  switch (fault.kind) {
    case "kill":
      if (fault.what === "worker") return [];
      return fault.what === "app-server" ? ["codex_died"] : CONTAINER;
    case "lose":
      return CONTAINER;
    case "call":
      return place.at === "call" && (place.call === "start" || place.call === "restore") ? CONTAINER : [];
    case "sql":
      if (fault.of === "fleet") return ["container_unavailable"];
      return fault.how === "throw" ? ["internal", "container_unavailable"] : [];
    case "bucket":
      return ["storage_unavailable"];
    case "clock":
      return fault.offsetMs > (TURN_TIMEOUT_S + GRACE_S) * 1_000 ? ["deadline_exceeded"] : [];
    case "disk-full":
      return ["codex_failed", "codex_died", "internal", ...CONTAINER];
    case "cancel":
      return ["cancelled"];
    default:
      return [];
  }
}
