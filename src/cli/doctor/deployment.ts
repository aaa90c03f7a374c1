// A deployment as its callers reach it: over HTTP, with a bearer token.

/** Above the longest wait of a tool call. */
const TIMEOUT_MS = 330_000;

export class Deployment {
  readonly origin: string;
  readonly #token: string;

  constructor(origin: string, token: string) {
    this.origin = origin;
    this.#token = token;
  }

  /** What is open to everybody. Rejects with what to do where it is not there. */
  async get(path: string): Promise<unknown> {
    const response = await this.#fetch(path, {});
    return this.#json(path, response);
  }

  /** What a tool answers, a failure as well. */
  async call(tool: string, parameters: object): Promise<unknown> {
    const path = `/tools/${tool}`;
    const headers = { authorization: `Bearer ${this.#token}`, "content-type": "application/json" };
    const response = await this.#fetch(path, { method: "POST", headers, body: JSON.stringify(parameters) });
    if (response.status === 401) throw new Error("The server does not know the token. Make one on its account page.");
    if (response.status === 403) throw new Error("The token needs the scopes codex:read, codex:run and codex:admin.");
    return this.#json(path, response);
  }

  /** How it answers a call without a token. */
  async knock(): Promise<{ status: number; challenge: string }> {
    const response = await this.#fetch("/mcp", { method: "POST", body: "{}" });
    await response.body?.cancel();
    return { status: response.status, challenge: response.headers.get("www-authenticate") ?? "" };
  }

  async #json(path: string, response: Response): Promise<unknown> {
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch {
      throw new Error(`${this.origin}${path} answered ${response.status}, and no JSON. Is this the server's address?`);
    }
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    return await fetch(`${this.origin}${path}`, { ...init, redirect: "manual", signal }).catch((cause: unknown) => {
      throw new Error(`${this.origin} cannot be reached. Is it deployed under this address?`, { cause });
    });
  }
}
