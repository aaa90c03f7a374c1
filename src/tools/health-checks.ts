// The single checks of health_check. Each tries what it is about, says what to do where it fails, and never rejects.
import { unwrap } from "../errors.ts";
import { withTimeout } from "../lib/idle-timeout.ts";
import { isHostReachable } from "../runtime/host-client.ts";
import { agentOf, type CallContext, directoryOf } from "./call-context.ts";
import { type CredentialInfo, limitsLine, readCredential } from "./credential-info.ts";

export interface Check {
  name: "storage" | "registry" | "container runtime" | "model credentials";
  ok: boolean;
  detail: string;
}

const TIMEOUT_MS = 3_000;

/** Storage (a value written and read back) and the registry of agents, which is kept in it. */
export async function checkDirectory(context: CallContext): Promise<{ checks: Check[]; up: number }> {
  const startedAt = Date.now();
  try {
    const { is_durable, agents, up } = await withTimeout(directoryOf(context).check(startedAt), TIMEOUT_MS);
    const storage = is_durable
      ? `wrote and read in ${Date.now() - startedAt} ms`
      : "read something else than was written";
    return {
      checks: [
        { name: "storage", ok: is_durable, detail: storage },
        { name: "registry", ok: true, detail: `${agents} agent(s) of yours, ${up} active` },
      ],
      up,
    };
  } catch (error) {
    context.log.error("the directory failed its check", { error });
    const detail = "The directory of agents does not answer. The log has the reason.";
    return {
      checks: [
        { name: "storage", ok: false, detail },
        { name: "registry", ok: false, detail },
      ],
      up: 0,
    };
  }
}

export async function checkContainers(context: CallContext): Promise<Check> {
  const name = "container runtime";
  const { PROCESS_HOST_URL: url, PROCESS_HOST_TOKEN: token, EGRESS_ALLOWED_HOSTS: rules } = context.config;
  if (url === undefined || token === undefined) return checkPlatform(context);
  if (await isHostReachable(url, token, TIMEOUT_MS)) {
    const egress = rules.length === 0 ? "" : "; EGRESS_ALLOWED_HOSTS has no effect on it";
    return { name, ok: true, detail: `process host reachable${egress}` };
  }
  return { name, ok: false, detail: "The process host does not answer. Start the dev server again." };
}

/** An agent's object cannot come up where the platform gives it no container, so the newest one is asked for its state. */
async function checkPlatform(context: CallContext): Promise<Check> {
  const name = "container runtime";
  try {
    const isKnown = await withTimeout(askNewestAgent(context), TIMEOUT_MS);
    return { name, ok: true, detail: isKnown ? "platform containers" : "platform containers; none was needed so far" };
  } catch (error) {
    context.log.error("the container runtime failed its check", { error });
    return { name, ok: false, detail: "The platform provides no container for an agent. The log has the reason." };
  }
}

/** Returns false where there is no agent yet. */
async function askNewestAgent(context: CallContext): Promise<boolean> {
  const newest = unwrap(await directoryOf(context).list({ limit: 1 })).agents[0];
  if (newest !== undefined) await agentOf(context, newest.agent_id).sessionState(newest.status);
  return newest !== undefined;
}

/** What turns use, whether it is known to be of no use, and whether its API answers. */
export async function checkCredentials(context: CallContext): Promise<{ check: Check; info: CredentialInfo | null }> {
  const name = "model credentials";
  const { OPENAI_BASE_URL, CHATGPT_BASE_URL } = context.config;
  try {
    const info = await readCredential(context);
    if (info.problem !== null) return { check: { name, ok: false, detail: info.problem }, info };
    const [label, setting, url] =
      info.method === "oauth"
        ? [limitsLine(info) ?? "ChatGPT connected", "CHATGPT_BASE_URL", CHATGPT_BASE_URL]
        : ["API key configured", "OPENAI_BASE_URL", `${OPENAI_BASE_URL}/models`];
    const ok = await answers(url);
    const detail = ok
      ? `${label}; the model API answers`
      : `${label}, but the model API cannot be reached. Check ${setting}.`;
    return { check: { name, ok, detail }, info };
  } catch (error) {
    context.log.error("the credentials failed their check", { error });
    const detail = "The directory of credentials does not answer. The log has the reason.";
    return { check: { name, ok: false, detail }, info: null };
  }
}

/** Any answer will do, a refusal as well: it is asked without the credential. */
async function answers(url: string): Promise<boolean> {
  const init = { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) } as const;
  const answer = await fetch(url, init).catch(() => undefined);
  await answer?.body?.cancel();
  return answer !== undefined;
}
