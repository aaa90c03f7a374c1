// The process host's HTTP API, for one agent. See container/host/server.ts.
import * as z from "zod";

export const HostInstance = z.object({ instance: z.string(), port: z.number().int() });
export type HostInstance = z.infer<typeof HostInstance>;

const Exit = z.object({ exit_code: z.number().int() });
const LOST_AFTER_FAILURES = 3;
const RETRY_MS = 250;
const HOST_RESTART_MS = 3_000;

export class HostClient {
  readonly #base: string;
  readonly #headers: Record<string, string>;

  /** `agent` is 64 hexadecimal characters, the Durable Object's id. */
  constructor(url: string, token: string, agent: string) {
    this.#base = `${url}/agents/${agent}`;
    this.#headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  }

  /** Resolves when the runner listens; an older one of this agent is ended first. Rejects where it does not come up. */
  async start(env: Readonly<Record<string, string>>): Promise<HostInstance> {
    const response = await this.#postWhenReachable("start", { env });
    if (!response.ok) throw new Error(`the process host could not start the runner (${response.status})`);
    return HostInstance.parse(await response.json());
  }

  /** Resolves to the exit code once the runner is gone; to undefined where the host, or all it knew of the runner, is gone. */
  async exitOf({ instance }: HostInstance): Promise<number | undefined> {
    for (let failures = 0; failures < LOST_AFTER_FAILURES; ) {
      const response = await fetch(`${this.#base}/exit?instance=${instance}`, { headers: this.#headers }).catch(
        () => undefined,
      );
      if (response?.status === 200) return Exit.parse(await response.json()).exit_code;
      await response?.body?.cancel();
      if (response?.status === 404) return undefined;
      if (response?.status === 204) {
        failures = 0;
        continue;
      }
      failures++;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    return undefined;
  }

  async signal({ instance }: HostInstance, signal: number): Promise<void> {
    const response = await this.#post(`signal?instance=${instance}`, { signal });
    await response.body?.cancel();
  }

  /** Ends the runner; a host that has started again since has ended it already. */
  async destroy({ instance }: HostInstance): Promise<void> {
    const response = await this.#postWhenReachable(`destroy?instance=${instance}`, {});
    await response.body?.cancel();
  }

  /** Ends the runner, if there is one, and deletes the agent's directory. Rejects where it could not be deleted. */
  async deleteDisk(): Promise<void> {
    const response = await fetch(`${this.#base}/disk`, { method: "DELETE", headers: this.#headers });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the process host could not delete the agent's directory (${response.status})`);
  }

  /** A host that died is being started again; asking it twice does no harm, since it ends what it started before. */
  async #postWhenReachable(action: string, body: object): Promise<Response> {
    for (const deadline = Date.now() + HOST_RESTART_MS; ; ) {
      try {
        return await this.#post(action, body);
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  #post(action: string, body: object): Promise<Response> {
    return fetch(`${this.#base}/${action}`, { method: "POST", headers: this.#headers, body: JSON.stringify(body) });
  }
}

/** Whether the process host answers and knows the token. Never rejects. */
export async function isHostReachable(url: string, token: string, timeoutMs: number): Promise<boolean> {
  const init = { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(timeoutMs) };
  const response = await fetch(`${url}/health`, init).catch(() => undefined);
  await response?.body?.cancel();
  return response?.ok ?? false;
}
