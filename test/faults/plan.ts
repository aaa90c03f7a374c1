// What a seed stands for: which turns there are, and which fault strikes at which point of which of them. Nothing else decides it.
import type { Step } from "../support/fake-model/script.ts";
import { type Fault, planFaults } from "./fault-plan.ts";
import { Random } from "./random.ts";
import { TURN_TIMEOUT_S } from "./settings.ts";

export interface TurnPlan {
  /** In the prompt, so that the model, the runner's stream and the files can be told by it. */
  tag: string;
  agent: string;
  kind: "write" | "read";
  steps: Step[];
  /** How it is sent. */
  by: Transport;
  /** How each of those who follow it does. */
  watchers: Transport[];
  /** The same call is sent this often, all at once. */
  copies: number;
  /** It is sent once this turn of the same agent has settled; undefined: at once. */
  after?: string;
}

export type Transport = "2026" | "2025" | "rest";

export interface SeedPlan {
  seed: number;
  agents: string[];
  turns: TurnPlan[];
  faults: Fault[];
  /** Whether the agents sleep before their disks are taken away in the end. */
  sleeps: boolean;
}

/** The model falls silent for longer than a turn may take. */
const HANG: Step = { stallMs: 10 * TURN_TIMEOUT_S * 1_000 };
const HANGS = 0.01;
const TRANSPORTS = ["2026", "2025", "rest"] as const;

export function planOf(seed: number): SeedPlan {
  const random = new Random(seed);
  const agents = Array.from({ length: random.between(1, 3) }, (_, index) => `s${seed}-${"abc"[index]}`);
  const turns = agents.flatMap((agent) => planTurns(agent, random));
  return { seed, agents, turns, faults: planFaults(turns, random), sleeps: random.chance(0.5) };
}

/** What the turn writes into its own file. */
export function contentOf({ tag }: Pick<TurnPlan, "tag">): string {
  return `made by ${tag}\n`;
}

/** Where every command that a turn runs leaves a line. */
export const RUNS = "runs.log";

export function fileOf({ tag }: Pick<TurnPlan, "tag">): string {
  return `${tag}.txt`;
}

function planTurns(agent: string, random: Random): TurnPlan[] {
  const count = random.between(1, 3);
  const turns: TurnPlan[] = [];
  for (let index = 0; index < count; index++) {
    const tag = `${agent}${index}`;
    const kind = random.chance(0.75) ? "write" : "read";
    const before = turns.at(-1);
    turns.push({
      tag,
      agent,
      kind,
      steps: planSteps(tag, kind, random),
      by: random.pick(TRANSPORTS),
      watchers: Array.from({ length: random.between(1, 3) }, () => random.pick(TRANSPORTS)),
      copies: random.chance(0.25) ? 2 : 1,
      ...(before !== undefined && random.chance(0.4) && { after: before.tag }),
    });
  }
  return turns;
}

function planSteps(tag: string, kind: TurnPlan["kind"], random: Random): Step[] {
  const mark = `echo ${tag} >> ${RUNS}`;
  const work: Step[] =
    kind === "read"
      ? [{ run: "ls" }]
      : [{ run: `${mark} && printf 'made by %s\\n' ${tag} > ${fileOf({ tag })}` }, ...moreWork(tag, random)];
  const steps = work.flatMap((step) => [...mishap(random), step]);
  return [...steps, ...mishap(random), ...(random.chance(HANGS) ? [HANG] : []), { answer: {} }];
}

function moreWork(tag: string, random: Random): Step[] {
  const steps: Step[] = [];
  if (random.chance(0.3))
    steps.push({ patch: `*** Begin Patch\n*** Add File: ${tag}-patch.txt\n+${tag}\n*** End Patch\n` });
  if (random.chance(0.4))
    steps.push({ run: `sleep 0.${random.between(1, 6)}; head -c 20000 /dev/urandom > ${tag}.bin` });
  return steps;
}

/** What goes wrong between Codex and the model, in a way that Codex gets over. */
function mishap(random: Random): Step[] {
  const kind = random.next();
  if (kind < 0.06) return [{ cut: { times: random.between(1, 2) } }];
  if (kind < 0.12) return [{ stallMs: random.between(100, 1_500) }];
  if (kind < 0.16) return [{ delayMs: random.between(100, 1_000) }];
  if (kind < 0.2) return [{ fail: { status: random.pick([500, 502, 503]), times: 1 } }];
  if (kind < 0.24) return [{ reasoning: `thinking of ${random.between(1, 1_000)}` }];
  return [];
}
