import { unwrap } from "../errors.ts";
import type { AgentState } from "../lib/agent-report.ts";
import { withTimeout } from "../lib/idle-timeout.ts";
import { mapConcurrently } from "../lib/map-concurrently.ts";
import { agentOf, type CallContext, directoryOf } from "./call-context.ts";
import { type ContainerInfo, containerLine, toContainerInfo } from "./container-info.ts";
import { PageParameters } from "./fields.ts";
import { definePlainTool, READ_ONLY } from "./plain-tool.ts";
import { type SessionInfo, sessionLine, toSessionInfo } from "./session-info.ts";

interface ActiveAgent extends SessionInfo {
  container: ContainerInfo;
}

interface ActiveAgents {
  agents: ActiveAgent[];
  next_cursor?: string;
  /** Of all pages. */
  total: number;
}

const LOOK_AT_ONCE = 10;
/** Above that of the agent's own look at its container. */
const LOOK_TIMEOUT_MS = 3_000;

export const listActiveAgents = definePlainTool({
  name: "list_active_agents",
  title: "List active agents",
  description: "Your agents whose container is up, with what each uses.",
  annotations: READ_ONLY,
  input: PageParameters,
  output: { agents: "array", next_cursor: "string", total: "integer" },
  run: async (input, context): Promise<ActiveAgents> => {
    const { agents: rows, ...rest } = unwrap(await directoryOf(context).listUp(input));
    const looked = await mapConcurrently(rows, LOOK_AT_ONCE, (row) => look(row, context));
    // Its container may have ended since it was indexed.
    return { agents: looked.filter(({ container }) => container.state === "running"), ...rest };
  },
  text: ({ agents, total }) =>
    [
      `**${total} active agent(s)**`,
      ...agents.map((agent) => `${sessionLine(agent)}; ${containerLine(agent.container)}`),
    ].join("\n"),
});

async function look(row: AgentState, context: CallContext): Promise<ActiveAgent> {
  try {
    const looking = agentOf(context, row.agent_id).describe({ metrics: true });
    const found = await withTimeout(looking, LOOK_TIMEOUT_MS);
    if (found !== null) return { ...toSessionInfo(found.state), container: toContainerInfo(found) };
  } catch (error) {
    context.log.warn("an agent did not tell its state", { agent_id: row.agent_id, error });
  }
  return { ...toSessionInfo(row), container: toContainerInfo({ state: row, metrics: null }) };
}
