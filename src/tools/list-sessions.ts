import * as z from "zod";
import { unwrap } from "../errors.ts";
import { SessionStatus } from "../lib/agent-report.ts";
import { directoryOf } from "./call-context.ts";
import { AgentId, PageParameters } from "./fields.ts";
import { definePlainTool, READ_ONLY } from "./plain-tool.ts";
import { refreshed, type SessionInfo, sessionLine, toSessionInfo } from "./session-info.ts";

export interface SessionList {
  sessions: SessionInfo[];
  next_cursor?: string;
  /** Of all pages. */
  total: number;
}

export const listSessions = definePlainTool({
  name: "list_sessions",
  title: "List sessions",
  description: "Your agents, the most recently active first, page by page.",
  annotations: READ_ONLY,
  input: z.strictObject({ agent_id: AgentId.optional(), status: SessionStatus.optional(), ...PageParameters.shape }),
  output: { sessions: "array", next_cursor: "string", total: "integer" },
  run: async (input, context): Promise<SessionList> => {
    const { agents, ...rest } = unwrap(await directoryOf(context).list(input));
    const rows = await refreshed(agents, context);
    // One that has changed since it was indexed must not stand in a list of what it no longer is.
    const fitting = rows.filter(({ status }) => (input.status ?? status) === status);
    return { sessions: fitting.map(toSessionInfo), ...rest };
  },
  text: ({ sessions, total, next_cursor }) =>
    [
      `**${total} session(s)**`,
      ...sessions.map(sessionLine),
      ...(next_cursor === undefined ? [] : [`More: cursor "${next_cursor}"`]),
    ].join("\n"),
});
