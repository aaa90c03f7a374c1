// What an agent tells its user's directory: the one shape that agent/ and fleet/ share without knowing each other.
import * as z from "zod";

export const SessionStatus = z.enum(["idle", "starting", "running", "awaiting_approval", "sleeping", "failed"]);
export type SessionStatus = z.infer<typeof SessionStatus>;

/** How an agent stands, in absolute values: any one of these replaces all that was told before. */
export const AgentState = z.object({
  agent_id: z.string(),
  /** Stays the same for as long as the agent has its data. */
  session_id: z.string(),
  status: SessionStatus,
  /** The container's present start; null while it is down. */
  container_id: z.string().nullable(),
  /** Unix time in ms. */
  created_at: z.number().int(),
  last_active_at: z.number().int(),
  turns: z.number().int().nonnegative(),
  conversation_id: z.string().nullable(),
});
export type AgentState = z.infer<typeof AgentState>;

/** `number` rises with each report of an agent; the directory passes over one that is not above the last. */
export interface AgentReport extends AgentState {
  number: number;
}
