// What `npm run doctor` looks at, in the order in which one thing needs the other. Each check says what it found, or what to do.
import * as z from "zod";
import type { Deployment } from "./deployment.ts";

export interface Finding {
  /** `unknown`: it could not be found out, which is no fault by itself. */
  state: "good" | "bad" | "unknown";
  detail: string;
}

export interface Check {
  name: string;
  /** Spends tokens, and leaves nothing behind: it works in an agent of its own. */
  runsTurns?: true;
  run(deployment: Deployment): Promise<Finding>;
}

const AGENT = "doctor";

const Health = z.object({ status: z.string(), version: z.string() });
const Resource = z.object({ resource: z.url(), authorization_servers: z.array(z.url()).min(1) });
const Server = z.object({
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  code_challenge_methods_supported: z.array(z.string()),
});
const HealthCheck = z.object({
  status: z.string(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});
const Turn = z.object({
  status: z.string(),
  conversation_id: z.string().nullish(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
  evidence: z
    .object({
      commands: z.array(z.object({ command: z.string(), exit_code: z.number().nullable() })),
      denied_hosts: z.array(z.string()),
    })
    .optional(),
});
const Status = z.object({ container_id: z.string().optional() });

export const CHECKS: readonly Check[] = [
  {
    name: "server answers",
    run: async (deployment) => {
      const { status, version } = Health.parse(await deployment.get("/health"));
      return { state: status === "ok" ? "good" : "bad", detail: `version ${version}, ${status}` };
    },
  },
  {
    name: "sign-in metadata",
    run: async (deployment) => {
      const resource = Resource.parse(await deployment.get("/.well-known/oauth-protected-resource/mcp"));
      if (resource.resource !== `${deployment.origin}/mcp`) {
        return bad(`clients are told to use ${resource.resource}: set PUBLIC_URL to ${deployment.origin}`);
      }
      const server = Server.parse(await deployment.get("/.well-known/oauth-authorization-server"));
      const isSafe = server.code_challenge_methods_supported.includes("S256");
      return isSafe ? good(`clients sign in at ${server.authorization_endpoint}`) : bad("PKCE S256 is not offered");
    },
  },
  {
    name: "closed without a token",
    run: async (deployment) => {
      const { status, challenge } = await deployment.knock();
      if (status !== 401) return bad(`/mcp answered ${status} to a call without a token`);
      return challenge.includes("resource_metadata=") ? good("401, and where to sign in") : bad("401 without a way in");
    },
  },
  {
    name: "parts",
    run: async (deployment) => {
      const { status, checks } = HealthCheck.parse(await deployment.call("health_check", {}));
      const broken = checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
      return broken.length === 0
        ? good(`${status}: ${checks.map(({ name }) => name).join(", ")}`)
        : bad(broken.join("; "));
    },
  },
  {
    name: "a turn",
    runsTurns: true,
    run: async (deployment) => {
      const turn = await chat(deployment, "Reply with the word ready, and do nothing else.");
      return turn.status === "completed" ? good("Codex answered") : bad(problemOf(turn));
    },
  },
  { name: "a turn after sleep", runsTurns: true, run: checkSleep },
  { name: "no way out to the internet", runsTurns: true, run: checkEgress },
];

/** Deletes the agent that the checks worked in. */
export async function tidyUp(deployment: Deployment): Promise<void> {
  await deployment.call("cleanup_inactive_agents", { agent_id: AGENT, inactive_for_seconds: 0, delete_data: true });
}

async function checkSleep(deployment: Deployment): Promise<Finding> {
  const before = Status.parse(await deployment.call("get_agent_status", { agent_id: AGENT }));
  await deployment.call("cleanup_inactive_agents", { agent_id: AGENT, inactive_for_seconds: 0 });
  const turn = await chat(deployment, "Which word did I ask for before? Reply with it.");
  if (turn.status !== "completed") return bad(problemOf(turn));
  const after = Status.parse(await deployment.call("get_agent_status", { agent_id: AGENT }));
  if (after.container_id === before.container_id) return { state: "unknown", detail: "the container did not sleep" };
  return good("woke in a new container, in the same conversation");
}

async function checkEgress(deployment: Deployment): Promise<Finding> {
  // With -f: a host that is refused is answered as well, by a 403.
  const command = "curl -fsS -m 10 -o /dev/null https://example.com";
  const turn = await chat(deployment, `Run exactly this command, once, and nothing else: ${command}`);
  if (turn.status !== "completed") return bad(problemOf(turn));
  const ran = turn.evidence?.commands.find((each) => each.command.includes("example.com"));
  if (ran === undefined) return { state: "unknown", detail: "Codex did not run the command that was to try it" };
  if (ran.exit_code === 0) return bad("a command of a reading tool reached example.com");
  const isTold = turn.evidence?.denied_hosts.includes("example.com");
  return good(isTold ? "curl was refused, and the evidence says so" : "curl got nowhere");
}

async function chat(deployment: Deployment, message: string): Promise<z.infer<typeof Turn>> {
  return Turn.parse(await deployment.call("chat", { agent_id: AGENT, message, wait_seconds: 300 }));
}

function problemOf({ status, error }: z.infer<typeof Turn>): string {
  return error === undefined ? `the turn is ${status}` : `${error.code}: ${error.message}`;
}

function good(detail: string): Finding {
  return { state: "good", detail };
}

function bad(detail: string): Finding {
  return { state: "bad", detail };
}
