import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, it } from "vitest";
import { endLeftovers } from "../../../../container/lib/leftovers.ts";
import { environmentOf, kill, processesNaming } from "../../../support/processes.ts";

const home = `/nonexistent/${crypto.randomUUID()}/home`;
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
});

async function start(env: Record<string, string>, command = "sleep 60"): Promise<ChildProcess> {
  const child = spawn("sh", ["-c", command], { env: { PATH: process.env.PATH, ...env }, stdio: "ignore" });
  children.push(child);
  await expect.poll(() => environmentOf(child.pid ?? 0)).toMatchObject(env);
  return child;
}

it("ends the processes of that home, also those in sessions of their own", async () => {
  const children = [await start({ HOME: home }), await start({ HOME: home }, "setsid sleep 61 & exec setsid sleep 62")];
  await expect.poll(() => processesNaming(home).length).toBeGreaterThanOrEqual(3);
  const ends = children.map((child) => once(child, "exit"));
  endLeftovers(home);
  expect(await Promise.all(ends)).toEqual([
    [null, "SIGKILL"],
    [null, "SIGKILL"],
  ]);
  await expect.poll(() => processesNaming(home)).toEqual([]);
});

it.each([
  ["a home below it", { HOME: `${home}/below` }],
  ["a home above it", { HOME: home.replace(/\/home$/, "") }],
  ["its working directory there", { PWD: home }],
  ["another variable that ends like it", { OLD_HOME: home }],
])("leaves a process alone that has %s", async (_, env) => {
  const child = await start(env as Record<string, string>);
  endLeftovers(home);
  kill(child.pid ?? 0, "SIGTERM");
  expect(await once(child, "exit")).toEqual([null, "SIGTERM"]);
});
