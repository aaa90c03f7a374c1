// Tools over plain HTTP, as a load sends them: thousands of calls, each on its own.
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import type { DevServer } from "../support/dev-server.ts";

/** As much of an answer as the load looks at, on purpose not the server's own schema. */
const Answer = z.looseObject({
  status: z.string().optional(),
  turn_id: z.string().nullish(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});
export type Answer = z.infer<typeof Answer> & { http: number };

export type Call = (tool: string, parameters: object) => Promise<Answer>;

export function restOf({ url, token }: Pick<DevServer, "url" | "token">): Call {
  return async (tool, parameters) => {
    const response = await fetch(`${url}/tools/${tool}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(parameters),
    });
    return { ...Answer.parse(await response.json()), http: response.status };
  };
}

/** Calls until the answer is another than `busy`, as a client does that is told to try again. */
export async function untilAdmitted(
  call: () => Promise<Answer>,
  everyMs: number,
): Promise<{ answer: Answer; refusals: number }> {
  for (let refusals = 0; ; refusals++) {
    const answer = await call();
    if (answer.error?.code !== "busy") return { answer, refusals };
    await sleep(everyMs * (0.5 + Math.random()));
  }
}

/** The turn once it has settled. Each look waits for less than what fetch waits for an answer. */
export async function settledTurn(call: Call, parameters: { agent_id: string; turn_id: string }): Promise<Answer> {
  for (;;) {
    const answer = await call("get_turn", { ...parameters, wait_seconds: 120 });
    if (answer.status !== "running" && answer.status !== "awaiting_approval") return answer;
  }
}
