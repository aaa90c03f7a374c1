// The page for one waiting approval, and its form.
import { type Context, Hono } from "hono";
import * as z from "zod";
import { ApprovalDecision } from "../../container/protocol.ts";
import { AppError, unwrap } from "../errors.ts";
import { ApprovalPage } from "./approval-page.tsx";
import { render, type SignedInEnv } from "./context.ts";
import { signedIn } from "./signed-in.ts";

const ROUTE = "/approvals/:agent_id/:turn_id/:approval_id";

/** Names as the tools take them; what is none of them is nobody's. */
const Address = z.object({
  agent_id: z.string().regex(/^[\w.-]{1,128}$/),
  turn_id: z.string().regex(/^[\w-]{1,64}$/),
  approval_id: z.string().regex(/^[\w-]{1,64}$/),
});
type Address = z.infer<typeof Address>;

const DecisionForm = z.object({ decision: ApprovalDecision.exclude(["cancel"]) });

export const approval = new Hono<SignedInEnv>();

approval.use(ROUTE, signedIn);

approval.get(ROUTE, async (c) => {
  const address = addressOf(c);
  const turn = unwrap(await agentOf(c, address).getTurn(address.turn_id));
  return render(c, <ApprovalPage account={c.get("session").account} turn={turn} approvalId={address.approval_id} />);
});

approval.post(ROUTE, async (c) => {
  const address = addressOf(c);
  const form = DecisionForm.safeParse(await c.req.parseBody());
  if (!form.success) throw new AppError("invalid_input", "Use the buttons of the page.");
  const agent = agentOf(c, address);
  const answered = await agent.answerApproval(address.turn_id, address.approval_id, form.data.decision);
  if (answered.ok) return c.redirect(c.req.path, 303);
  if (answered.code !== "conflict") unwrap(answered);
  const turn = unwrap(await agent.getTurn(address.turn_id));
  const { account } = c.get("session");
  const page = { account, turn, approvalId: address.approval_id, problem: answered.message };
  return render(c, <ApprovalPage {...page} />, 409);
});

function addressOf(c: Context<SignedInEnv>): Address {
  const address = Address.safeParse(c.req.param());
  if (address.success) return address.data;
  throw new AppError("not_found", "There is no such approval.");
}

/** Always below the visitor's own name: an agent of somebody else's is one that does not exist. */
function agentOf(c: Context<SignedInEnv>, { agent_id }: Address) {
  return c.env.CODEX_AGENT.getByName(`${c.get("session").userId}/${agent_id}`);
}
