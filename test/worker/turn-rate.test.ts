// A user who starts turns without end is told to wait, and nobody else is.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { callTool, chat, newUser } from "./support/fleet.ts";

it("refuses a turn above the rate before anything starts, for that user only", async () => {
  const ada = newUser();
  for (let n = 0; (await env.TURN_RATE.limit({ key: ada.userId })).success; n++) expect(n).toBeLessThan(10_000);
  const { structured } = await callTool(ada, "chat", { message: "One too many" });
  expect(structured).toMatchObject({ status: "failed", turn_id: null, error: { code: "busy", retryable: true } });
  expect((await callTool(ada, "list_sessions")).structured).toMatchObject({ total: 0 });
  expect(await chat(newUser(), "a1")).toMatchObject({ status: "completed" });
});

it("counts what starts a turn, and not what looks at one", async () => {
  const asked: string[] = [];
  const limit = async ({ key }: { key: string }) => {
    asked.push(key);
    return { success: true };
  };
  const ada = { ...newUser(), turnRate: { limit } };
  const { turn_id } = await chat(ada, "a1");
  for (const name of ["get_turn", "read_turn"]) await callTool(ada, name, { turn_id, agent_id: "a1" });
  expect(asked).toEqual([ada.userId]);
});
