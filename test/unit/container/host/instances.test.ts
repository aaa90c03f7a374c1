import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MODEL_BASE_URL } from "../../../../container/protocol.ts";
import { type FakeModel, startFakeModel } from "../../../support/fake-model/fake-model.ts";
import { script } from "../../../support/fake-model/script.ts";
import { descendantsOf, environmentOf, kill, processesNaming, untilGone } from "../../../support/processes.ts";
import { collect, readEvents, recordOf, turnSpec } from "../../../support/turn-record.ts";
import { endlessCommand, untilCommand } from "../runner/lab.ts";
import { askRunner, newAgent, type Started, TestHost } from "./lab.ts";

let model: FakeModel;
let host: TestHost;

beforeAll(async () => {
  model = await startFakeModel();
  host = await TestHost.start(model.url);
});
afterAll(async () => {
  await host.stop();
  await model.close();
});

async function runTurn(started: Started, ...steps: Parameters<typeof script>) {
  const spec = turnSpec({ prompt: script(...steps), access: "write" });
  const response = await askRunner(started, "/turns", { method: "POST", body: JSON.stringify(spec) });
  return recordOf(spec.turn_id, await collect(readEvents(response)));
}

/** A turn whose command goes on for hours; what is left of it when the runner is gone would be found by its name. */
async function keepBusy(started: Started): Promise<string> {
  const { run, name } = endlessCommand();
  runTurn(started, { run: `setsid nohup ${run} > /dev/null 2>&1 & ${run}` }).catch(() => {});
  await untilCommand(name, "runs");
  return name;
}

/** The runner of an agent. */
function runnerPid(agent: string): number {
  const [pid] = descendantsOf(host.child.pid ?? 0).filter((candidate) => {
    return candidate !== host.child.pid && environmentOf(candidate).DATA_DIR === host.directoryOf(agent);
  });
  return pid ?? 0;
}

it("starts a runner that works with the gateway that the host was told", async () => {
  const agent = newAgent();
  const started = await host.startAgent(agent, { MODEL_BASE_URL });
  const { settled } = await runTurn(started, { run: "echo x > file.txt" }, { say: "done" });
  expect(settled).toMatchObject({ status: "completed", answer: "done" });
  expect(readFileSync(join(host.directoryOf(agent), "workspace", "file.txt"), "utf8")).toBe("x\n");
  expect(model.requests.at(-1)?.headers.authorization).toBe("Bearer model-token");
});

it("gives a runner what it needs and nothing else", async () => {
  const agent = newAgent();
  await host.startAgent(agent, { MODEL_BASE_URL, EXTRA: "from the Worker" });
  const env = environmentOf(runnerPid(agent));
  expect(env).toMatchObject({
    MODEL_BASE_URL: model.url,
    EXTRA: "from the Worker",
    DATA_DIR: host.directoryOf(agent),
    LISTEN_HOST: "127.0.0.1",
    PORT: "0",
    SANDBOX: "codex",
  });
  expect(Object.values(env)).not.toContain(host.token);
  expect(Object.keys(env)).not.toEqual(expect.arrayContaining(["HOST_TOKEN"]));
  expect(env.A_SECRET_OF_THE_HOST).toBeUndefined();
});

it("lets no environment from outside move a runner out of its place", async () => {
  const agent = newAgent();
  const env = {
    DATA_DIR: "/tmp/elsewhere",
    LISTEN_HOST: "0.0.0.0",
    PORT: "1",
    SANDBOX: "off",
    ENDS_WITH_STDIN: "false",
  };
  await host.startAgent(agent, env);
  expect(environmentOf(runnerPid(agent))).toMatchObject({
    DATA_DIR: host.directoryOf(agent),
    LISTEN_HOST: "127.0.0.1",
    SANDBOX: "codex",
    ENDS_WITH_STDIN: "true",
  });
});

it("keeps two agents apart: directory, port, token and process", async () => {
  const agents = [newAgent(), newAgent()];
  const started = await Promise.all(agents.map((agent) => host.startAgent(agent)));
  expect(new Set(started.map(({ port }) => port)).size).toBe(2);
  expect(new Set(started.map(({ instance }) => instance)).size).toBe(2);
  expect(new Set(agents.map(runnerPid)).size).toBe(2);
  for (const agent of agents) {
    expect(statSync(host.directoryOf(agent)).mode & 0o777).toBe(0o700);
    expect(readdirSync(host.directoryOf(agent))).toContain("workspace");
  }
  const [first, second] = started;
  if (first === undefined || second === undefined) throw new Error("two were started");
  const crossed = await askRunner({ ...first, token: second.token }, "/health");
  expect(crossed.status).toBe(401);
});

describe("the end of an instance", () => {
  it("is told with exit code 0 after SIGTERM", async () => {
    const agent = newAgent();
    const { instance } = await host.startAgent(agent);
    const exit = host.exitOf(agent, instance);
    expect((await host.post(agent, `signal?instance=${instance}`, { signal: 15 })).status).toBe(202);
    expect(await exit).toEqual([200, { exit_code: 0 }]);
  });

  it("is told with 137 after a destroy, which returns when all of it is gone", async () => {
    const agent = newAgent();
    const started = await host.startAgent(agent);
    const command = await keepBusy(started);
    expect((await host.post(agent, `destroy?instance=${started.instance}`)).status).toBe(200);
    await untilGone(() => processesNaming(host.directoryOf(agent)), 200);
    await untilCommand(command, "is gone");
    expect(await host.exitOf(agent, started.instance)).toEqual([200, { exit_code: 137 }]);
  });

  it("is told also when it came by itself, and takes everything along", async () => {
    const agent = newAgent();
    const started = await host.startAgent(agent);
    const command = await keepBusy(started);
    kill(runnerPid(agent), "SIGKILL");
    expect(await host.exitOf(agent, started.instance)).toEqual([200, { exit_code: 137 }]);
    await untilGone(() => processesNaming(host.directoryOf(agent)), 1_000);
    await untilCommand(command, "is gone");
  });

  it("can be told later, and to several", async () => {
    const agent = newAgent();
    const { instance } = await host.startAgent(agent);
    await host.post(agent, `destroy?instance=${instance}`);
    const told = await Promise.all([1, 2, 3].map(() => host.exitOf(agent, instance)));
    expect(told).toEqual(Array(3).fill([200, { exit_code: 137 }]));
  });

  it("does not hinder a second destroy or a late signal", async () => {
    const agent = newAgent();
    const { instance } = await host.startAgent(agent);
    for (const _ of [1, 2]) expect((await host.post(agent, `destroy?instance=${instance}`)).status).toBe(200);
    expect((await host.post(agent, `signal?instance=${instance}`, { signal: 9 })).status).toBe(202);
  });
});

describe("the disk of an agent", () => {
  it("is deleted with all that runs on it, and the next start finds nothing", async () => {
    const agent = newAgent();
    const started = await host.startAgent(agent);
    await runTurn(started, { run: "echo kept > file.txt" }, { say: "written" });
    const command = await keepBusy(started);
    expect((await host.request(`/agents/${agent}/disk`, { method: "DELETE" })).status).toBe(200);
    expect(readdirSync(host.agentsDir)).not.toContain(agent);
    await untilCommand(command, "is gone");
    await host.startAgent(agent);
    expect(readdirSync(join(host.directoryOf(agent), "workspace"))).toEqual([]);
  });

  it("can be deleted where there is none", async () => {
    expect((await host.request(`/agents/${newAgent()}/disk`, { method: "DELETE" })).status).toBe(200);
  });
});

describe("an agent that is started again", () => {
  it("finds its files, and its former process is gone with all that it ran", async () => {
    const agent = newAgent();
    const former = await host.startAgent(agent);
    await runTurn(former, { run: "echo kept > file.txt" }, { say: "written" });
    const command = await keepBusy(former);
    const pid = runnerPid(agent);
    const next = await host.startAgent(agent);
    expect(next.instance).not.toBe(former.instance);
    await untilCommand(command, "is gone");
    expect(descendantsOf(host.child.pid ?? 0)).not.toContain(pid);
    const { events } = await runTurn(next, { run: "cat file.txt" }, { say: "read" });
    expect(JSON.stringify(events)).toContain("kept\\n");
  });

  it("does not answer for its former instance any more", async () => {
    const agent = newAgent();
    const former = await host.startAgent(agent);
    await host.startAgent(agent);
    expect((await host.post(agent, `destroy?instance=${former.instance}`)).status).toBe(404);
    expect((await host.exitOf(agent, former.instance))[0]).toBe(404);
  });

  it("has one process, also when several starts come at once", async () => {
    const agent = newAgent();
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => host.startAgent(agent)));
    const running = descendantsOf(host.child.pid ?? 0).filter(
      (pid) => environmentOf(pid).DATA_DIR === host.directoryOf(agent),
    );
    expect(running).toHaveLength(1);
    const answers = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    const healthy = await Promise.all(answers.map((started) => askRunner(started, "/health").catch(() => undefined)));
    expect(healthy.filter((response) => response?.ok)).toHaveLength(1);
  });
});

describe("the end of the host", () => {
  it("comes when all its runners have ended, where it is told to end", async () => {
    const ending = await TestHost.start(model.url);
    await ending.startAgent(newAgent());
    ending.child.kill("SIGTERM");
    await ending.exited;
    expect(processesNaming(ending.agentsDir)).toEqual([]);
    await ending.dispose();
  });

  function abandon(ending: TestHost): void {
    ending.child.stdout?.destroy();
    ending.child.stderr?.destroy();
    ending.child.stdin?.end();
  }

  it.each([
    ["SIGTERM", (ending: TestHost) => ending.child.kill("SIGTERM")],
    ["the end of its stdin", (ending: TestHost) => ending.child.stdin?.end()],
    ["SIGKILL", (ending: TestHost) => ending.child.kill("SIGKILL")],
    ["the end of whoever started it", abandon],
  ])("by %s leaves no runner, no Codex and no command", async (_, end) => {
    const ending = await TestHost.start(model.url);
    const agents = [newAgent(), newAgent()];
    const commands = await Promise.all(agents.map(async (agent) => keepBusy(await ending.startAgent(agent))));
    end(ending);
    await ending.exited;
    await ending.dispose();
    for (const command of commands) await untilCommand(command, "is gone");
  });
});
