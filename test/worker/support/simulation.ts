// The life of agents as Fleet and Directory see it, without the agents: the calls that real ones make, in their order. How many
// calls a turn makes is not known here: it is measured on real turns, and handed in.
import { env } from "cloudflare:workers";
import { Directory } from "../../../src/fleet/directory.ts";
import { Fleet } from "../../../src/fleet/fleet.ts";
import { newHandle } from "../../../src/lib/handle.ts";
import { report } from "./fleet.ts";

/** Calls by method. */
export type Calls = Record<string, number>;

export interface TurnCalls {
  /** Of a turn that starts its container, and of one that finds it up. */
  cold: Calls;
  warm: Calls;
  /** Of a container that goes to sleep. */
  sleep: Calls;
}

export interface Simulation {
  agents: number;
  users: number;
  /** How many are at work at once: what the leases allow. */
  atOnce: number;
  /** Of each agent, the first of them cold. */
  turns: number;
  perTurn: TurnCalls;
}

export interface SimulationResult {
  events: number;
  turns: number;
  durationMs: number;
  /** Of all users, as list_sessions tells. */
  listed: number;
  removed: number;
}

/** How often which `class.method` was called for one user's only agent while `work` ran. Others may be at work beside it. */
export async function countCalls(userId: string, holder: string, work: () => Promise<unknown>): Promise<Calls> {
  const calls: Calls = {};
  const restored = [
    ...watchMethods(Fleet.prototype, calls, (_, parameters) => JSON.stringify(parameters).includes(holder)),
    ...watchMethods(Directory.prototype, calls, (object) => nameOf(object) === userId),
  ];
  try {
    await work();
  } finally {
    for (const restore of restored) restore();
  }
  return calls;
}

/** A namespace that notes in `calls` what is asked of it. */
export function countedKv(kv: KVNamespace, calls: Calls): KVNamespace {
  return new Proxy(kv, {
    get: (target, name: string) => {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== "function") return method;
      return (...parameters: unknown[]) => {
        calls[name] = (calls[name] ?? 0) + 1;
        return Reflect.apply(method, target, parameters);
      };
    },
  });
}

export async function simulate(fleet: DurableObjectStub<Fleet>, simulation: Simulation): Promise<SimulationResult> {
  const { agents, users, atOnce } = simulation;
  const names = Array.from({ length: users }, () => `simulated-${crypto.randomUUID()}`);
  const result = { events: 0, turns: 0, durationMs: 0, listed: 0, removed: 0 };
  const startedAt = Date.now();
  let next = 0;
  const live = async (): Promise<void> => {
    for (let n = next++; n < agents; n = next++) {
      await liveOnce(fleet, { agent: `agent-${n}`, user: names[n % users] ?? "", n }, simulation, result);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, live));
  result.durationMs = Date.now() - startedAt;
  for (const name of names) {
    const { value } = (await env.DIRECTORY.getByName(name).list({ limit: 1 })) as { value: { total: number } };
    result.listed += value.total;
  }
  return result;
}

interface Life {
  agent: string;
  user: string;
  n: number;
}

async function liveOnce(
  fleet: DurableObjectStub<Fleet>,
  { agent, user, n }: Life,
  { atOnce, turns, perTurn }: Simulation,
  result: SimulationResult,
): Promise<void> {
  const holder = env.CODEX_AGENT.idFromName(`${user}/${agent}`).toString();
  const directory = env.DIRECTORY.getByName(user);
  let number = 0;
  const modelRequest = () => ({ id: `req_${n}_${result.turns}`, turn_id: `turn_${n}_${number}` });
  const calls: Record<string, () => Promise<unknown>> = {
    "Fleet.acquire": () => fleet.acquire({ holder, user_id: user, limits: { all: atOnce, user: atOnce } }),
    "Fleet.renew": () => fleet.renew(holder, user, Date.now()),
    "Fleet.release": () => fleet.release(holder),
    "Fleet.signingSecret": () => fleet.signingSecret(),
    "Directory.report": () =>
      directory.report(report(agent, { number: ++number, last_active_at: Date.now(), status: "running" })),
    "Directory.modelCredential": () => directory.modelCredential(),
    "Directory.noteRateLimits": () => directory.noteRateLimits("api_key", {} as never), // what they hold is not looked at
    "Directory.serverCredential": () => directory.serverCredential({}),
    "Directory.account": () => directory.account(),
    "Directory.spentDay": () => directory.spentDay(),
    "Directory.admitModelRequest": () => directory.admitModelRequest({ ...modelRequest(), tokens: 10_000 }),
    "Directory.countModelRequest": () => directory.countModelRequest({ ...modelRequest(), tokens: 9_000 }),
    "Directory.list": () => directory.list({ limit: 50 }),
    "Directory.remove": () => directory.remove(agent, ++number),
    "Directory.useToken": () => directory.useToken(newHandle(user).id, "wrong"),
  };
  const make = async (method: string, times = 1): Promise<void> => {
    const call = calls[method];
    if (call === undefined) throw new Error(`real turns call ${method}, which is not simulated`);
    for (let each = 0; each < times; each++) await call();
    result.events += times;
  };
  const makeAll = async (made: Calls): Promise<void> => {
    for (const [method, times] of Object.entries(made)) await make(method, times);
  };
  for (let turn = 0; turn < turns; turn++) {
    // Each call of a tool brings a token.
    await make("Directory.useToken");
    await makeAll(turn === 0 ? perTurn.cold : perTurn.warm);
    result.turns++;
    // A turn of a minute, and a look at the list now and then.
    await make("Fleet.renew");
    if (n % 10 === 0) await make("Directory.list");
  }
  await makeAll(perTurn.sleep);
  if (n % 20 !== 0) return;
  await make("Directory.remove");
  result.removed++;
}

function nameOf(object: unknown): string | undefined {
  const { ctx } = object as { ctx: DurableObjectState }; // as every Durable Object has it
  return ctx.id.name;
}

function watchMethods(
  prototype: object,
  calls: Calls,
  isMeant: (object: unknown, parameters: unknown[]) => boolean,
): (() => void)[] {
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const method: unknown = Reflect.get(prototype, name);
    if (name === "constructor" || typeof method !== "function") return [];
    const label = `${prototype.constructor.name}.${name}`;
    Reflect.set(prototype, name, function (this: unknown, ...parameters: unknown[]) {
      if (isMeant(this, parameters)) calls[label] = (calls[label] ?? 0) + 1;
      return Reflect.apply(method, this, parameters);
    });
    return [() => void Reflect.set(prototype, name, method)];
  });
}
