// This workerd's bench in the lab (test/support/worker-lab.ts), the fake model's log, and the scripted upstreams.
import { env } from "cloudflare:workers";
import { inject } from "vitest";
import type { RecordedRequest } from "../../support/fake-model/request-log.ts";
import type { UpstreamRequest } from "../../support/worker-upstreams.ts";

type Agent = { id: { toString(): string } };

export const lab = {
  /** Ends all agents' processes, as a host does that is told to stop. */
  restartHost: () => act("POST", "restart-host"),
  /** Ends the process host without a chance to end anything itself. */
  killHost: () => act("POST", "kill-host"),
  startHost: () => act("POST", "start-host"),

  /** Ends the agent's processes behind everybody's back. */
  killAgent: (agent: Agent) => act("POST", `kill-agent/${agent.id}`),
  /** A file of the agent's workspace; null where there is none. */
  readFile: (agent: Agent, path: string) => act<string | null>("GET", `file/${agent.id}?path=${path}`),
  writeFile: (agent: Agent, path: string, body: string) => act("PUT", `file/${agent.id}?path=${path}`, body),
  /** Runs a script in the agent's workspace, as its owner would by hand; resolves to what it printed. */
  shell: (agent: Agent, script: string) => act<string>("POST", `shell/${agent.id}`, script),
  /** All that the agent has on disk is gone, as on Cloudflare when its container stops. */
  wipeDisk: (agent: Agent) => act("DELETE", `disk/${agent.id}`),
  /** The agent's processes, one line each. */
  processes: (agent: Agent) => act<string[]>("GET", `processes/${agent.id}`),
};

/** What the model was asked in turns whose prompt holds `text`, oldest first. */
export async function modelRequests(text: string): Promise<RecordedRequest[]> {
  const response = await fetch(new URL(`/__requests?contains=${encodeURIComponent(text)}`, env.OPENAI_BASE_URL));
  return response.json();
}

/** A git repository that the script makes; resolves to its URL. */
export async function repository(script: string, token?: string): Promise<string> {
  const query = token === undefined ? "" : `?token=${token}`;
  const url = `${inject("labUrl")}/repositories/${crypto.randomUUID()}.git${query}`;
  return (await fetch(url, { method: "POST", body: script })).json();
}

/** A model API that behaves as `scenario` says; see test/support/worker-upstreams.ts. */
export function upstream(scenario: string) {
  const key = crypto.randomUUID();
  const at = (path: string): string => `${inject("labUrl")}/upstream/${path}`;
  return {
    baseUrl: at(`${scenario}/${key}/v1`),
    requests: async (): Promise<UpstreamRequest[]> => (await fetch(at(`recorded/${key}`))).json(),
    release: () => fetch(at(`release/${key}`)).then((response) => response.body?.cancel()),
  };
}

async function act<Answer = null>(method: string, path: string, body?: string): Promise<Answer> {
  const response = await fetch(`${env.BENCH}/${path}`, body === undefined ? { method } : { method, body });
  if (!response.ok) throw new Error(`the lab could not ${method} ${path}: ${await response.text()}`);
  return response.json();
}
