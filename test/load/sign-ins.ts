// Very many sign-ins of one person, some of which go on to connect a client and to make access tokens: what is left of them.
import { createHash, randomBytes } from "node:crypto";
import { quantile } from "../bench/statistics.ts";
import type { DevServer } from "../support/dev-server.ts";
import { type MemoryUse, withMemory } from "../support/memory.ts";
import { signInAndAgree } from "../support/signs-in.ts";
import { databasesOf, rowsOf } from "./state.ts";

export interface SignInsLoad {
  password: string;
  signIns: number;
  /** Of these, how many go on to connect a client. */
  grants: number;
  /** How many at once. The throttle takes ten that have not succeeded yet. */
  atOnce: number;
}

export interface SignInsReport {
  durationMs: number;
  perSecond: number;
  p50: number;
  p95: number;
  /** What did not end in a session, or in a token. */
  failures: string[];
  /** What is stored afterwards: browser sessions, attempts, records of OAuth. */
  sessions: number;
  attempts: number;
  records: number;
  /** Records after the first tenth of the grants. */
  recordsEarly: number;
  memory: MemoryUse;
}

const REDIRECT = "http://127.0.0.1:9/callback";

export async function loadSignIns(server: DevServer, load: SignInsLoad): Promise<SignInsReport> {
  const times: number[] = [];
  const failures: string[] = [];
  let recordsEarly = 0;
  const startedAt = performance.now();
  const { memory } = await withMemory(server, async () => {
    // A client each: a grant takes the place of the one that the same client had from the same person.
    const clients = await Promise.all(Array.from({ length: load.atOnce }, () => register(server)));
    await inParallel(load.signIns, clients, async (n, client) => {
      const begun = performance.now();
      const failure =
        n < load.grants ? await connect(server, client, load.password) : await signIn(server, load.password);
      times.push(performance.now() - begun);
      if (failure !== undefined) failures.push(failure);
      if (n === Math.floor(load.grants / 10)) recordsEarly = recordsOf(server);
    });
  });
  const durationMs = performance.now() - startedAt;
  return {
    durationMs,
    perSecond: (load.signIns / durationMs) * 1000,
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
    failures,
    sessions: rowsOf(databasesOf(server.scratch.stateDir, "Directory"), "browser_sessions"),
    attempts: rowsOf(databasesOf(server.scratch.stateDir, "Fleet"), "attempts WHERE kind = 'password'"),
    records: recordsOf(server),
    recordsEarly,
    memory,
  };
}

function recordsOf({ scratch }: DevServer): number {
  return rowsOf(databasesOf(scratch.stateDir, "KVNamespaceObject"), "_mf_entries");
}

async function inParallel(
  count: number,
  clients: readonly string[],
  work: (n: number, client: string) => Promise<void>,
): Promise<void> {
  let next = 0;
  const use = async (client: string): Promise<void> => {
    while (next < count) await work(next++, client);
  };
  await Promise.all(clients.map(use));
}

async function signIn({ url }: DevServer, password: string): Promise<string | undefined> {
  const response = await fetch(`${url}/sign-in/password`, {
    method: "POST",
    redirect: "manual",
    headers: { origin: url },
    body: new URLSearchParams({ password }),
  });
  await response.body?.cancel();
  return response.headers.has("set-cookie") ? undefined : `sign-in: ${response.status}`;
}

async function register({ url }: DevServer): Promise<string> {
  const response = await fetch(`${url}/oauth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ client_name: "load", redirect_uris: [REDIRECT], token_endpoint_auth_method: "none" }),
  });
  const { client_id } = (await response.json()) as { client_id: string }; // RFC 7591, section 3.2.1
  return client_id;
}

/** From the authorization request to a token that the server takes. */
async function connect(server: DevServer, clientId: string, password: string): Promise<string | undefined> {
  const verifier = randomBytes(32).toString("base64url");
  const client = { client_id: clientId, redirect_uri: REDIRECT };
  const request = new URLSearchParams({
    ...client,
    response_type: "code",
    state: "s",
    scope: "codex:read",
    resource: `${server.url}/mcp`,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const arrived = await signInAndAgree(`${server.url}/authorize?${request}`, password);
  const code = arrived.searchParams.get("code") ?? "";
  const exchange = { ...client, grant_type: "authorization_code", code, code_verifier: verifier };
  const response = await fetch(`${server.url}/oauth/token`, { method: "POST", body: new URLSearchParams(exchange) });
  const { access_token } = (await response.json()) as { access_token?: string }; // RFC 6749, section 5.1
  const used = await fetch(`${server.url}/tools/list_sessions`, {
    headers: { authorization: `Bearer ${access_token}` },
  });
  await used.body?.cancel();
  return used.ok ? undefined : `token: ${response.status}, use: ${used.status}`;
}
