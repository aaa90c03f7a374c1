import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { InOrder } from "../../../src/lib/in-order.ts";

it("one piece of work begins when the one before has ended", async () => {
  const order = new InOrder();
  const seen: string[] = [];
  const work = (name: string, ms: number) =>
    order.run(async () => {
      seen.push(`${name} begins`);
      await sleep(ms);
      seen.push(`${name} ends`);
      return name;
    });
  expect(await Promise.all([work("a", 20), work("b", 0)])).toEqual(["a", "b"]);
  expect(seen).toEqual(["a begins", "a ends", "b begins", "b ends"]);
});

it("one that fails does not hold up the next", async () => {
  const order = new InOrder();
  const failing = order.run(async () => {
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(await order.run(async () => "yes")).toBe("yes");
});
