// What the tests of the runner share: one fake model and one runner per file, and turns that are scripts.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect } from "vitest";
import type { TurnEvent, TurnSpec } from "../../../../container/protocol.ts";
import { bridgeAddress } from "../../../support/docker-body.ts";
import { type FakeModel, startFakeModel } from "../../../support/fake-model/fake-model.ts";
import type { RecordedRequest } from "../../../support/fake-model/request-log.ts";
import { type Step, script } from "../../../support/fake-model/script.ts";
import { kill, processesNaming } from "../../../support/processes.ts";
import { TestRunner } from "../../../support/runner.ts";
import { inDocker } from "../../../support/runner-body.ts";
import { bodiesOf, readEvents, recordOf, type TurnRecord, turnSpec } from "../../../support/turn-record.ts";

export interface Lab {
  readonly model: FakeModel;
  readonly runner: TestRunner;
  /** A turn whose prompt is the script; resolves when it has settled. */
  run(steps: Step[], spec?: Partial<TurnSpec>): Promise<TurnRecord>;
  /** The same, for a test that does something while the turn is at work. */
  begin(steps: Step[], spec?: Partial<TurnSpec>): Promise<Ongoing>;
  /** What the model was asked in the conversation of a turn, oldest first. */
  requestsOf(turn: TurnRecord): RecordedRequest[];
  /** Waits until the model has been asked so many times in the turn's conversation; resolves to the last request. */
  untilAsked(turn: Ongoing, times: number): Promise<RecordedRequest>;
}

export interface Ongoing {
  turnId: string;
  /** Empty for a turn that failed before it had one. */
  threadId: string;
  settled: Promise<TurnRecord>;
}

/** To be called once, at the top of a file. */
export function useLab(env: Record<string, string> = {}): Lab {
  let model: FakeModel;
  let runner: TestRunner;
  beforeAll(async () => {
    model = await startFakeModel(inDocker ? { host: bridgeAddress() } : {});
    runner = await TestRunner.start({ modelUrl: model.url, env });
  });
  afterAll(async () => {
    await runner.stop();
    await model.close();
  });
  const requestsIn = (thread: string) => model.requests.filter(({ headers }) => headers["thread-id"] === thread);
  const specOf = (steps: Step[], spec: Partial<TurnSpec> = {}) => turnSpec({ prompt: script(...steps), ...spec });
  return {
    get model() {
      return model;
    },
    get runner() {
      return runner;
    },
    run: (steps, spec) => runner.runTurn(specOf(steps, spec)),
    begin: (steps, spec) => beginTurn(runner, specOf(steps, spec)),
    requestsOf: (turn) => requestsIn(bodiesOf(turn, "started")[0]?.thread_id ?? ""),
    untilAsked: ({ threadId }, times) => waitFor(() => requestsIn(threadId)[times - 1]),
  };
}

/** Resolves when Codex has taken the turn up. */
export async function beginTurn(runner: TestRunner, spec: TurnSpec): Promise<Ongoing> {
  const events: TurnEvent[] = [];
  const first = Promise.withResolvers<TurnEvent>();
  const settled = (async () => {
    for await (const event of readEvents(await runner.postTurn(spec))) {
      events.push(event);
      first.resolve(event);
    }
    return recordOf(spec.turn_id, events);
  })();
  settled.catch(first.reject);
  const { body } = await first.promise;
  return { turnId: spec.turn_id, threadId: body.type === "started" ? body.thread_id : "", settled };
}

/** Waits until a command that names `text` is at work, or is not any more. */
export async function untilCommand(text: string, state: "runs" | "is gone"): Promise<void> {
  await waitFor(() => (processesNaming(text).length > 0 === (state === "runs") ? true : undefined));
}

/** What `find` finds as soon as that is not undefined. */
export async function waitFor<T>(find: () => T | undefined): Promise<T> {
  const deadline = Date.now() + 5_000;
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${find}`);
    await sleep(20);
  }
}

/** Kills Codex, and waits until the runner has noticed: a turn that comes before that is lost with it. */
export async function killIdleCodex(runner: TestRunner): Promise<void> {
  const { app_server_restarts } = await runner.health();
  kill(runner.codexPid ?? 0, "SIGKILL");
  const isNoticed = async () => {
    const health = await runner.health();
    return health.app_server !== "ready" || health.app_server_restarts > app_server_restarts;
  };
  await expect.poll(isNoticed, { interval: 5 }).toBe(true);
}

/** A command that goes on for hours, and can be told from all others. */
export function endlessCommand(): { run: string; name: string } {
  const name = `${10_000 + Math.floor(Math.random() * 80_000)}.${Date.now()}`;
  return { run: `sleep ${name}`, name };
}

export function writeFiles(root: string, files: Record<string, string>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

/** Path → content of every file below `root`. */
export function readTree(root: string): Record<string, string> {
  const entries = existsSync(root) ? readdirSync(root, { recursive: true, withFileTypes: true }) : [];
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.sort().map((path) => [path.slice(root.length + 1), readFileSync(path, "utf8")]));
}

/** All that a model request says, for a search. */
export function textOf(request: RecordedRequest | undefined): string {
  return JSON.stringify(request?.body ?? "");
}
