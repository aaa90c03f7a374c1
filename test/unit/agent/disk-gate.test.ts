import { expect, it } from "vitest";
import { DiskGate } from "../../../src/agent/workspace/disk-gate.ts";

it("lets those who look go side by side", async () => {
  const { gate, log, step } = newGate();
  const first = gate.look(step("first"));
  const second = gate.look(step("second"));
  await Promise.all([first, second]);
  expect(log).toEqual(["first begins", "second begins", "first ends", "second ends"]);
});

it.each(["look", "hold", "change"] as const)("lets a change go alone, and a later %s after it", async (later) => {
  const { gate, log, step } = newGate();
  const all = [
    gate.look(step("look")),
    gate.hold(step("hold")),
    gate.change(step("change")),
    gate[later](step("later")),
  ];
  await Promise.all(all);
  expect(log.indexOf("change begins")).toBeGreaterThan(log.indexOf("look ends"));
  expect(log.indexOf("change begins")).toBeGreaterThan(log.indexOf("hold ends"));
  expect(log.slice(-3)).toEqual(["change ends", "later begins", "later ends"]);
});

it("lets others look while somebody needs the files to stay", async () => {
  const { gate, log, step } = newGate();
  await Promise.all([gate.hold(step("hold")), gate.look(step("look"))]);
  expect(log.slice(0, 2)).toEqual(["hold begins", "look begins"]);
});

it("goes on after work that failed", async () => {
  const { gate, step } = newGate();
  const failing = gate.change(() => Promise.reject(new Error("broken")));
  const next = gate.change(step("next"));
  await expect(failing).rejects.toThrow("broken");
  await next;
  expect(gate.isBusy).toBe(false);
});

it("is busy for as long as somebody uses the disk or waits for it", async () => {
  const { gate, step } = newGate();
  expect(gate.isBusy).toBe(false);
  const changing = gate.change(step("change"));
  const looking = gate.look(step("look"));
  expect(gate.isBusy).toBe(true);
  await changing;
  expect(gate.isBusy).toBe(true);
  await looking;
  expect(gate.isBusy).toBe(false);
});

it("refuses who would wait for too long, and still lets nobody overtake the one at work", async () => {
  const gate = new DiskGate(10);
  const slow = Promise.withResolvers<void>();
  let isAtWork = false;
  const working = gate.change(async () => {
    isAtWork = true;
    await slow.promise;
    isAtWork = false;
  });
  await expect(gate.change(async () => "never")).rejects.toMatchObject({ code: "busy" });
  await expect(gate.look(async () => "never")).rejects.toMatchObject({ code: "busy" });
  const next = gate.change(async () => isAtWork);
  slow.resolve();
  await working;
  expect(await next).toBe(false);
});

function newGate() {
  const log: string[] = [];
  const step = (name: string) => async (): Promise<void> => {
    log.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    log.push(`${name} ends`);
  };
  return { gate: new DiskGate(), log, step };
}
