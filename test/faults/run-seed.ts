// One seed from its plan to the verdict.
import { setTimeout as sleep } from "node:timers/promises";
import { excusedCodes } from "./excuses.ts";
import type { Fault } from "./fault-plan.ts";
import { modelProblems, orderProblems, type Seen, turnProblems } from "./invariants.ts";
import { planOf, type SeedPlan } from "./plan.ts";
import { agentProblems, leftoverProblems } from "./remains.ts";
import type { Stack } from "./stack.ts";
import { Striker } from "./striker.ts";
import { Trace } from "./trace.ts";
import { TurnRun } from "./turn-run.ts";

export interface SeedResult {
  seed: number;
  plan: SeedPlan;
  /** Empty where the seed passed. */
  problems: string[];
  struck: readonly Fault[];
  /** Faults that this machine cannot have. */
  impossible: string[];
  turns: { tag: string; status: string; code: string | undefined }[];
  notes: string[];
  log: string[];
  durationMs: number;
}

/** For all turns of a seed to settle. */
const SETTLE_MS = 75_000;

export async function runSeed(seed: number, stack: Stack): Promise<SeedResult> {
  const startedAt = Date.now();
  const plan = planOf(seed);
  stack.model.reset();
  const logFrom = stack.log.length;
  const trace = new Trace();
  const objects = new Map<string, string>();
  for (const agent of plan.agents) objects.set(agent, await stack.objectOf(agent));
  const runs = plan.turns.map((turn) => new TurnRun(turn, stack, startedAt + SETTLE_MS));
  const striker = new Striker({
    stack,
    trace,
    faults: plan.faults,
    objects,
    onClientFault: (tag, kind) => void runs.find((run) => run.plan.tag === tag)?.[kind](),
  });
  stack.control.onPoint = (point) => striker.onPoint(point);
  await Promise.all(
    plan.agents.map((agent) =>
      drive(
        runs.filter((run) => run.plan.agent === agent),
        striker,
      ),
    ),
  );
  await calmDown(stack, striker);
  const seen = await Promise.all(runs.map(look));
  const problems = [
    ...trace.problems,
    ...seen.flatMap((one) => turnProblems(one, trace, striker.struck)),
    ...modelProblems(seen, stack.model.requests),
    ...plan.agents.flatMap((agent) =>
      orderProblems(
        plan.turns.filter((turn) => turn.agent === agent),
        trace,
      ),
    ),
    ...(await endAgents({ stack, plan, objects, seen, struck: striker.struck })),
  ];
  return {
    seed,
    plan,
    problems,
    struck: striker.struck,
    impossible: [...striker.impossible],
    turns: seen.map(({ run, view }) => ({
      tag: run.plan.tag,
      status: view?.status ?? "unknown",
      code: view?.error?.code,
    })),
    notes: trace.notes,
    log: stack.log.slice(Math.min(logFrom, stack.log.length)),
    durationMs: Date.now() - startedAt,
  };
}

/** The turns of one agent, each sent after the one before was accepted, or has settled where the plan says so. */
async function drive(runs: readonly TurnRun[], striker: Striker): Promise<void> {
  const following = new Map<string, Promise<void>>();
  for (const run of runs) {
    if (run.plan.after !== undefined) await following.get(run.plan.after);
    await striker.accept(run.plan.tag);
    await run.submit();
    following.set(run.plan.tag, run.follow());
  }
  await Promise.all(following.values());
}

/** Nothing fails from here on. A clock that went ahead stays there: nothing may be younger than now. */
async function calmDown(stack: Stack, striker: Striker): Promise<void> {
  await striker.stop();
  stack.disk.free();
  await stack.untilUp();
  const offsets = striker.struck.flatMap(({ fault }) => (fault.kind === "clock" ? [fault.offsetMs] : []));
  await stack.arm([{ kind: "clock", offsetMs: Math.max(0, ...offsets) }]);
}

async function look(run: TurnRun): Promise<Seen> {
  if (run.turnId === undefined) return { run, view: undefined, log: [] };
  await run.repeat();
  return { run, view: await run.view(), log: await run.log() };
}

async function endAgents({
  stack,
  plan,
  objects,
  seen,
  struck,
}: {
  stack: Stack;
  plan: SeedPlan;
  objects: ReadonlyMap<string, string>;
  seen: readonly Seen[];
  struck: readonly Fault[];
}): Promise<string[]> {
  const problems = await Promise.all(
    plan.agents.map((agent) =>
      agentProblems({
        stack,
        agent,
        object: objects.get(agent) ?? "",
        seen: seen.filter(({ run }) => run.plan.agent === agent),
        wasFull: struck.some(({ fault }) => fault.kind === "disk-full"),
        lostDisk: struck.some(({ fault, agent: of }) => fault.kind === "lose" && of === agent),
        lostContainer:
          !plan.sleeps || struck.some((fault) => excusedCodes([fault], { agent, steps: [] }).has("container_lost")),
        sleeps: plan.sleeps,
      }),
    ),
  );
  const left = await leftoverProblems(stack, [...objects.values()]);
  await stack.arm([{ kind: "clock", offsetMs: 0 }]);
  await sleep(0);
  return [...problems.flat(), ...left];
}
