// Which fault strikes where. Points are counted in events of a turn, so that the same seed strikes at the same place again.

import type { TurnPlan } from "./plan.ts";
import type { CallAct, LineAct } from "./points.ts";
import type { Random } from "./random.ts";

/** Where it strikes. `call`: at that request to the runner or the host, while the turn is the agent's newest. */
export type Place =
  | { at: "accept" }
  | { at: "event"; seq: number }
  | { at: "call"; call: CallName; when: "before" | "after" };

export type CallName = "start" | "post" | "checkpoint" | "read-checkpoint" | "restore" | "health";

export type FaultKind =
  | { kind: "kill"; what: "app-server" | "runner" | "host" | "worker"; downMs: number }
  /** The container and its disk. */
  | { kind: "lose" }
  /** SIGSTOP, and SIGCONT later. */
  | { kind: "pause"; ms: number }
  /** All connections of the runner. */
  | { kind: "disconnect" }
  | { kind: "line"; act: Exclude<LineAct, "pass"> }
  | { kind: "call"; act: Exclude<CallAct, "pass"> }
  | { kind: "sql"; of: "agent" | "directory" | "fleet"; skip: number; times: number; how: "throw" | "reset" }
  | { kind: "bucket"; operation: "put" | "get" | "any"; times: number; how: "before" | "after" }
  | { kind: "clock"; offsetMs: number }
  | { kind: "disk-full"; ms: number }
  | { kind: "late"; ms: number }
  | { kind: "cancel" }
  | { kind: "leave" };

export interface Fault {
  tag: string;
  agent: string;
  place: Place;
  fault: FaultKind;
}

type Maker = (random: Random) => { fault: FaultKind; place?: Place };

/** By how often they are taken. */
const MAKERS: readonly (readonly [weight: number, make: Maker])[] = [
  [8, () => ({ fault: { kind: "kill", what: "app-server", downMs: 0 } })],
  [8, () => ({ fault: { kind: "kill", what: "runner", downMs: 0 } })],
  [6, (random) => ({ fault: { kind: "kill", what: "host", downMs: random.between(0, 1_500) } })],
  [14, (random) => ({ fault: { kind: "kill", what: "worker", downMs: random.between(0, 800) } })],
  [6, () => ({ fault: { kind: "lose" } })],
  [4, (random) => ({ fault: { kind: "pause", ms: random.between(500, 4_000) } })],
  [5, () => ({ fault: { kind: "disconnect" } })],
  [16, (random) => line(random)],
  [8, (random) => call(random)],
  [12, (random) => sql(random)],
  [8, (random) => bucket(random)],
  [
    7,
    (random) => ({ fault: { kind: "clock", offsetMs: random.pick([-3_600_000, -7_000, 5_000, 45_000, 7_200_000]) } }),
  ],
  [4, (random) => ({ fault: { kind: "disk-full", ms: random.between(200, 2_500) } })],
  [5, (random) => ({ fault: { kind: "late", ms: random.between(200, 2_000) } })],
  [5, () => ({ fault: { kind: "cancel" } })],
  [5, () => ({ fault: { kind: "leave" } })],
];

export function planFaults(turns: readonly TurnPlan[], random: Random): Fault[] {
  return Array.from({ length: random.between(1, 4) }, () => {
    const turn = random.pick(turns as readonly [TurnPlan, ...TurnPlan[]]); // every agent has a turn
    const { fault, place = { at: "event", seq: random.between(1, countEvents(turn)) } } = choose(random)(random);
    return { tag: turn.tag, agent: turn.agent, place, fault };
  });
}

/** As far as it can be told before: retries add to it. */
function countEvents({ steps, kind }: TurnPlan): number {
  const ofSteps = steps.flatMap((step) => ("run" in step ? [1, 1] : "patch" in step ? [1] : [])).length;
  const [started, message, rollout, workspace, settled] = [1, 1, 1, kind === "write" ? 1 : 0, 1];
  return started + ofSteps + message + rollout + workspace + settled;
}

function choose(random: Random): Maker {
  const total = MAKERS.reduce((sum, [weight]) => sum + weight, 0);
  let rest = random.next() * total;
  for (const [weight, make] of MAKERS) {
    rest -= weight;
    if (rest < 0) return make;
  }
  return () => ({ fault: { kind: "leave" } });
}

function line(random: Random): ReturnType<Maker> {
  return {
    fault: { kind: "line", act: random.pick(["cut", "half", "end", "repeat", "replay", "drop", "swap"]) },
  };
}

function call(random: Random): ReturnType<Maker> {
  const call = random.pick(["start", "post", "post", "checkpoint", "read-checkpoint", "restore", "health"]);
  return {
    fault: { kind: "call", act: random.pick(["refuse", "lose"]) },
    place: { at: "call", call, when: "before" },
  };
}

function sql(random: Random): ReturnType<Maker> {
  const fault = {
    kind: "sql",
    of: random.pick(["agent", "agent", "agent", "directory", "fleet"]),
    skip: random.between(0, 12),
    times: random.pick([1, 1, 2, 4, 10]),
    how: random.pick(["throw", "reset"]),
  } as const;
  return random.chance(0.3) ? { fault, place: { at: "accept" } } : { fault };
}

function bucket(random: Random): ReturnType<Maker> {
  const operation = random.pick(["put", "put", "get", "any"]);
  return { fault: { kind: "bucket", operation, times: random.between(1, 4), how: random.pick(["before", "after"]) } };
}
