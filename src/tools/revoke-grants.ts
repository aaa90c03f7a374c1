import * as z from "zod";
import { unwrap } from "../errors.ts";
import { agentOf } from "./call-context.ts";
import { OwnAgentId } from "./fields.ts";
import { definePlainTool } from "./plain-tool.ts";

export const revokeGrants = definePlainTool({
  name: "revoke_grants",
  title: "Revoke grants",
  description: "Takes back what was accepted for the session (accept_for_session); get_agent_status lists it.",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  scope: "codex:run",
  input: z.strictObject({ agent_id: OwnAgentId }),
  output: { revoked: "array" },
  run: async ({ agent_id }, context) => ({ revoked: unwrap(await agentOf(context, agent_id).revokeGrants()) }),
  text: ({ revoked }) => [`**Revoked ${revoked.length} grant(s)**`, ...revoked.map((grant) => `- ${grant}`)].join("\n"),
});
