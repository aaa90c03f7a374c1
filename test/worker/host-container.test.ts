// The process host behind the Workers `Container` interface: what `@cloudflare/containers` relies on, as the platform does it.
import { env } from "cloudflare:workers";
import { afterEach, expect, it } from "vitest";
import { HostContainer, type HostState } from "../../src/runtime/host-container.ts";
import { eventually } from "./support/agents.ts";
import { lab } from "./support/lab.ts";

const PORT = 8080;
const RUNNER_TOKEN = "t".repeat(32);
const ENV = { RUNNER_TOKEN, MODEL_TOKEN: "m", INCARNATION: "inc_1", LOG_LEVEL: "INFO" };
const SIGTERM = 15;
const SIGKILL = 9;

const opened: HostContainer[] = [];

afterEach(() => Promise.all(opened.splice(0).map((container) => container.destroy().catch(() => {}))));

it("counts as running from the moment it is started", () => {
  const container = open();
  expect(container.running).toBe(false);
  container.start({ enableInternet: false, env: ENV });
  expect(container.running).toBe(true);
});

it("cannot be started twice", () => {
  const container = open();
  container.start({ enableInternet: false, env: ENV });
  expect(() => container.start({ enableInternet: false, env: ENV })).toThrow(
    "start() cannot be called on a container that is already running.",
  );
});

it("says that it is not listening before it is started", async () => {
  await expect(open().getTcpPort(PORT).fetch("http://runner/health")).rejects.toThrow("the container is not listening");
});

it("hands a request to the process as it is, as soon as that listens", async () => {
  const container = open();
  container.start({ enableInternet: false, env: ENV });
  expect(await health(container)).toMatchObject({ status: "ok", incarnation: "inc_1" });
  const post = { method: "POST", headers: { authorization: `Bearer ${RUNNER_TOKEN}` }, body: "no turn" };
  const refused = await container.getTcpPort(PORT).fetch("http://runner/turns?after=1", post);
  expect([refused.status, await refused.json()]).toMatchObject([400, { code: "bad_request" }]);
});

it("comes up at every log level", async () => {
  const container = open();
  container.start({ enableInternet: false, env: { ...ENV, LOG_LEVEL: "ERROR" } });
  expect(await health(container)).toMatchObject({ status: "ok" });
});

it("is over without an error when its process ends with 0", async () => {
  const container = await started();
  const ended = container.monitor();
  container.signal(SIGTERM);
  await expect(ended).resolves.toBeUndefined();
  expect(container.running).toBe(false);
});

it("is over with the platform's words when its process is killed", async () => {
  const container = await started();
  const ended = container.monitor();
  container.signal(SIGKILL);
  await expect(ended).rejects.toThrow("container exited with unexpected exit code: 137");
  expect(container.running).toBe(false);
});

it("is over with an error when its process does not come up", async () => {
  const container = open();
  container.start({ enableInternet: false, env: { ...ENV, RUNNER_TOKEN: "too short" } });
  await expect(container.monitor()).rejects.toThrow("could not start");
  expect(container.running).toBe(false);
});

it("can be started again after it has ended", async () => {
  const container = await started();
  container.signal(SIGTERM);
  await container.monitor();
  container.start({ enableInternet: false, env: { ...ENV, INCARNATION: "inc_2" } });
  expect(await health(container)).toMatchObject({ incarnation: "inc_2" });
});

it("says that it is not listening after it has ended", async () => {
  const container = await started();
  await container.destroy();
  await expect(container.getTcpPort(PORT).fetch("http://runner/")).rejects.toThrow("the container is not listening");
});

it("is gone, with all its processes, when its destruction is done", async () => {
  const state = newState();
  const container = await started(state);
  expect(await lab.processes(state)).not.toEqual([]);
  const ended = container.monitor();
  await container.destroy();
  expect(container.running).toBe(false);
  expect(await lab.processes(state)).toEqual([]);
  await expect(ended).rejects.toThrow("137");
});

it("has nothing to destroy before it is started", async () => {
  await expect(open().destroy()).resolves.toBeUndefined();
});

it("is still running for the next instance on the same storage", async () => {
  const state = newState();
  await started(state);
  const next = open(state);
  expect(next.running).toBe(true);
  expect(await health(next)).toMatchObject({ incarnation: "inc_1" });
  const ended = next.monitor();
  next.signal(SIGTERM);
  await expect(ended).resolves.toBeUndefined();
});

it("finds out that its process ended while no instance looked", async () => {
  const state = newState();
  const stored = new Map([["host_container", { instance: crypto.randomUUID(), port: 9 }]]);
  const container = open({ ...state, storage: { kv: stored as unknown as HostState["storage"]["kv"] } });
  expect(container.running).toBe(true);
  await expect(container.monitor()).rejects.toThrow("runtime signalled the container to exit: 9");
  expect(container.running).toBe(false);
  expect(stored.size).toBe(0);
});

it("takes the loss of the process host for a killed container", async () => {
  const container = await started();
  const ended = container.monitor();
  ended.catch(() => {});
  await lab.killHost();
  await expect(ended).rejects.toThrow("runtime signalled the container to exit: 9").finally(lab.startHost);
  expect(container.running).toBe(false);
});

it("does not come up where the process host cannot be reached", async () => {
  const container = new HostContainer(newState(), "http://127.0.0.1:9", env.PROCESS_HOST_TOKEN);
  container.start({ enableInternet: false, env: ENV });
  await expect(container.monitor()).rejects.toThrow();
  expect(container.running).toBe(false);
});

it("does not come up with a token that the process host does not know", async () => {
  const container = new HostContainer(newState(), env.PROCESS_HOST_URL, "x".repeat(64));
  container.start({ enableInternet: false, env: ENV });
  await expect(container.monitor()).rejects.toThrow("401");
});

it("ends an older process of the same agent before it starts another one", async () => {
  const state = newState();
  const forgotten = await started(state);
  const ended = forgotten.monitor();
  const container = open({ ...newState(), id: state.id });
  container.start({ enableInternet: false, env: { ...ENV, INCARNATION: "inc_2" } });
  expect(await health(container)).toMatchObject({ incarnation: "inc_2" });
  await expect(ended).rejects.toThrow();
  await eventually(() => !forgotten.running);
});

/** What a Durable Object has: an id of its own, and storage that outlives this instance. */
function newState(): HostState & { id: { toString(): string } } {
  const values = new Map<string, unknown>();
  return {
    id: env.CODEX_AGENT.newUniqueId(),
    storage: {
      kv: {
        get: (key) => values.get(key),
        put: (key, value) => void values.set(key, value),
        delete: (key) => values.delete(key),
      },
    },
  };
}

function open(state: HostState = newState()): HostContainer {
  const container = new HostContainer(state, env.PROCESS_HOST_URL, env.PROCESS_HOST_TOKEN);
  opened.push(container);
  return container;
}

async function started(state: HostState = newState()): Promise<HostContainer> {
  const container = open(state);
  container.start({ enableInternet: false, env: ENV });
  await health(container);
  return container;
}

async function health(container: HostContainer): Promise<unknown> {
  const headers = { authorization: `Bearer ${RUNNER_TOKEN}` };
  return (await container.getTcpPort(PORT).fetch("http://runner/health", { headers })).json();
}
