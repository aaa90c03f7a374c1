// Turns that wait for a person.
import type { TurnRequest, TurnView } from "../../../src/agent/types.ts";
import { type Agent, eventually, get, newAgent, start, turn } from "./agents.ts";
import { lab } from "./lab.ts";

export const SUGGEST: Partial<TurnRequest> = { access: "write", approval_mode: "suggest", model: "gpt-5.5" };
export const PATCH = { patch: "*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch\n" };
export const LOST = { status: "interrupted", error: { code: "container_lost" } };

export interface Asked {
  agent: Agent;
  turnId: string;
  approvalId: string;
  prompt: string;
}

/** A turn that waits for somebody to accept `new.txt`. */
export async function asked(overrides: Partial<TurnRequest> = {}): Promise<Asked> {
  const agent = newAgent();
  const request = turn([PATCH, { say: "Done." }], { ...SUGGEST, ...overrides });
  const { turn_id: turnId } = await start(agent, request);
  const approvalId = await question(agent, turnId);
  return { agent, turnId, approvalId, prompt: request.prompt };
}

/** The approval that the turn waits for, as soon as it does. */
export async function question(agent: Agent, turnId: string): Promise<string> {
  return eventually(async () => (await get(agent, turnId)).approvals[0]?.approval_id, 15_000);
}

/** What is in the file that the turn asks for; null where it was not made. */
export function written(agent: Agent): Promise<string | null> {
  return lab.readFile(agent, "new.txt");
}

/** Each decision, and whose it was. */
export function outcomes({ decided }: TurnView): [string, string][] {
  return decided.map(({ decision, by }) => [decision, by]);
}
