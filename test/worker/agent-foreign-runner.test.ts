// A runner that does not take a turn at all, as after a deploy that changed the protocol: the next turn gets a fresh one.
import { expect, it } from "vitest";
import { get, inStore, newAgent, run, settled, start, turn } from "./support/agents.ts";

it("a refused turn fails, its container is replaced, and the next turn works", async () => {
  const agent = newAgent();
  await run(agent, turn([{ say: "one" }]));
  const before = await inStore(agent, (store) => store.incarnations.current()?.id);
  // No runner knows this access: it refuses the turn as the refusal of another protocol revision would look.
  const refused = await start(agent, turn([{ say: "two" }], { access: "foreign" as "read" }));
  await settled(agent, refused.turn_id);
  expect(await get(agent, refused.turn_id)).toMatchObject({ status: "failed", error: { code: "internal" } });
  expect(await run(agent, turn([{ say: "three" }]))).toMatchObject({ status: "completed", answer: "three" });
  expect(await inStore(agent, (store) => store.incarnations.current()?.id)).not.toBe(before);
});
