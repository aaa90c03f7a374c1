// Carries out the faults of a seed, each once, at the point that it names.
import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { kill } from "../support/processes.ts";
import type { CallName, Fault, FaultKind, Place } from "./fault-plan.ts";
import type { Answer, Point, Switch } from "./points.ts";
import type { Stack } from "./stack.ts";
import type { Trace } from "./trace.ts";

export interface StrikerOptions {
  stack: Stack;
  trace: Trace;
  faults: readonly Fault[];
  /** The Durable Object's id of each agent. */
  objects: ReadonlyMap<string, string>;
  onClientFault(tag: string, kind: "cancel" | "leave"): void;
}

const PASS: Answer = { act: "pass" };

export class Striker {
  /** Those that have struck, in that order. */
  readonly struck: Fault[] = [];
  /** Those that this machine cannot have, with the reason. */
  readonly impossible = new Set<string>();
  readonly #options: StrikerOptions;
  #isOver = false;
  readonly #pending = new Set<Promise<unknown>>();

  constructor(options: StrikerOptions) {
    this.#options = options;
  }

  /** Before the turn is sent. */
  async accept(tag: string): Promise<void> {
    const due = this.#due((fault) => fault.tag === tag && fault.place.at === "accept");
    const switches = due.flatMap(({ fault, agent }) => this.#switchOf(fault, agent));
    if (switches.length > 0) await this.#options.stack.arm(switches);
  }

  /** Resolves when the Worker may go on. */
  async onPoint(point: Point): Promise<Answer> {
    const { trace } = this.#options;
    trace.add(point);
    const due = this.#due(({ tag, agent, place }) => this.#isAt(point, tag, agent, place));
    const answers = await Promise.all(due.map((fault) => this.#strike(fault)));
    return {
      act: answers.map(({ act }) => act).findLast((act) => act !== "pass") ?? "pass",
      arm: answers.flatMap(({ arm = [] }) => arm),
    };
  }

  /** Nothing strikes any more. Resolves when nothing that was begun goes on. */
  async stop(): Promise<void> {
    this.#isOver = true;
    while (this.#pending.size > 0) await Promise.allSettled([...this.#pending]);
  }

  #due(fits: (fault: Fault) => boolean): Fault[] {
    if (this.#isOver) return [];
    const due = this.#options.faults.filter((fault) => !this.struck.includes(fault) && fits(fault));
    this.struck.push(...due);
    for (const { fault, tag } of due) this.#options.trace.note(`>>> ${tag}: ${JSON.stringify(fault)}`);
    return due;
  }

  #isAt(point: Point, tag: string, agent: string, place: Place): boolean {
    const { trace, objects } = this.#options;
    if (point.type === "line") {
      if (place.at !== "event" || trace.tagOf(point.turn_id) !== tag) return false;
      return point.line.startsWith(`{"seq":${place.seq},`);
    }
    if (point.type !== "call" || place.at !== "call" || point.when !== place.when) return false;
    const object = /^\/agents\/(\w+)/.exec(point.path)?.[1] ?? trace.objectAt(point.port);
    return object === objects.get(agent) && place.call === callName(point.method, point.path);
  }

  async #strike({ fault, tag, agent }: Fault): Promise<Answer> {
    const { stack, objects, onClientFault } = this.#options;
    const object = objects.get(agent) ?? "";
    switch (fault.kind) {
      case "kill":
        return this.#kill(fault, object);
      case "lose":
        for (const pid of stack.processesOf(object)) kill(pid, "SIGKILL");
        rmSync(stack.directoryOf(object), { recursive: true, force: true, maxRetries: 5 });
        return PASS;
      case "pause":
        this.#signal(object, "SIGSTOP");
        this.#later(fault.ms, () => this.#signal(object, "SIGCONT"));
        return PASS;
      case "disconnect":
        this.#signal(object, "SIGUSR2");
        return PASS;
      case "disk-full":
        if (await stack.disk.fill()) this.#later(fault.ms, () => this.#freeDisk());
        else this.impossible.add(`disk full: ${stack.disk.problem}`);
        return PASS;
      case "late":
        await sleep(fault.ms);
        return PASS;
      case "line":
      case "call":
        return { act: fault.act };
      case "cancel":
      case "leave":
        onClientFault(tag, fault.kind);
        return PASS;
      case "clock":
        stack.setClock(fault.offsetMs);
        return { act: "pass", arm: this.#switchOf(fault, agent) };
      case "sql":
      case "bucket":
        return { act: "pass", arm: this.#switchOf(fault, agent) };
    }
  }

  #freeDisk(): void {
    this.#options.stack.disk.free();
    this.#options.trace.note("<<< the disk has space again");
  }

  async #kill({ what, downMs }: Extract<FaultKind, { kind: "kill" }>, object: string): Promise<Answer> {
    const { stack } = this.#options;
    if (what === "worker" || what === "host") {
      const restarting = stack.restart(what, downMs);
      this.#track(restarting);
      // Of the Worker nobody is left to hear the answer; the host has gone by then.
      await (what === "worker" ? restarting : sleep(20));
    } else {
      const pids = stack.processesOf(object, what === "runner" ? "entry.cjs" : " app-server ");
      for (const pid of pids) kill(pid, "SIGKILL");
    }
    return PASS;
  }

  #switchOf(fault: FaultKind, agent: string): Switch[] {
    if (fault.kind === "sql") {
      const object = fault.of === "agent" ? (this.#options.objects.get(agent) ?? "") : fault.of;
      return [{ ...fault, object }];
    }
    return fault.kind === "bucket" || fault.kind === "clock" ? [fault] : [];
  }

  #signal(object: string, signal: NodeJS.Signals): void {
    for (const pid of this.#options.stack.processesOf(object, "entry.cjs")) kill(pid, signal);
  }

  #later(ms: number, work: () => void): void {
    this.#track(sleep(ms).then(work));
  }

  #track(work: Promise<unknown>): void {
    const tracked = work.finally(() => this.#pending.delete(tracked));
    tracked.catch(() => {});
    this.#pending.add(tracked);
  }
}

function callName(method: string, path: string): CallName | undefined {
  if (path.endsWith("/start")) return "start";
  if (path === "/turns") return "post";
  if (path === "/checkpoints" && method === "POST") return "checkpoint";
  if (path.startsWith("/checkpoints/") && method === "GET") return "read-checkpoint";
  if (path.startsWith("/restore")) return "restore";
  return path === "/health" ? "health" : undefined;
}
