// auth.openai.com, as far as Codex uses it. Shapes as observed with Codex 0.169.
import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Account } from "./account.ts";

const CLIENT_ID = "app_EMoamEEZ73f0CkXaXp7hrann";

interface Grant {
  account: Account;
  redirect_uri: string;
  challenge: string;
}

export class AuthServer {
  readonly #accountOf: (token: string) => Account | undefined;
  /** By user code; an account once its user has agreed. */
  readonly #devices = new Map<string, { device_auth_id: string; account: Account | undefined }>();
  readonly #codes = new Map<string, Grant>();

  constructor(accountOf: (token: string) => Account | undefined) {
    this.#accountOf = accountOf;
  }

  approve(userCode: string, account: Account): void {
    const device = this.#devices.get(userCode);
    if (device === undefined) throw new Error(`no device login ${userCode}`);
    device.account = account;
  }

  /** A code for the browser flow, in the URL that its page leads to. */
  agree(page: URLSearchParams, account: Account): string {
    const redirect_uri = page.get("redirect_uri") ?? "";
    const code = this.#grant({ account, redirect_uri, challenge: page.get("code_challenge") ?? "" });
    return `${redirect_uri}?${new URLSearchParams({ code, state: page.get("state") ?? "" })}`;
  }

  async serve(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const isForm = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") ?? false;
    const fields: Record<string, string> = isForm ? Object.fromEntries(new URLSearchParams(body)) : JSON.parse(body);
    if (path === "/oauth/token" && fields.grant_type === "refresh_token") return this.#refresh(fields, response);
    if (path === "/oauth/token" && isForm) return this.#exchange(fields, response);
    if (path === "/api/accounts/deviceauth/usercode") return this.#startDevice(fields, response);
    if (path === "/api/accounts/deviceauth/token") return this.#pollDevice(fields, request, response);
    send(response, 404, { error: "not_found" });
  }

  async #refresh({ refresh_token = "", client_id = "" }: Record<string, string>, response: ServerResponse) {
    const account = this.#accountOf(refresh_token);
    if (account === undefined) return refuse(response, 401, "refresh_token_invalidated");
    account.record.client_ids.push(client_id);
    const { refresh, refresh_delay_ms } = account.behaviour;
    await sleep(refresh_delay_ms);
    if (refresh === "hangup") return void response.destroy();
    if (typeof refresh === "number") return send(response, refresh, "not JSON");
    if (refresh !== "ok") return refuse(response, 401, refresh);
    const tokens = account.refresh(refresh_token);
    if (tokens === undefined) return refuse(response, 401, "refresh_token_reused");
    send(response, 200, tokens);
  }

  #startDevice({ client_id }: Record<string, string>, response: ServerResponse): void {
    if (client_id !== CLIENT_ID) {
      refuse(response, 400, "unknown_client");
      return;
    }
    const user_code = `${randomBytes(2).toString("hex")}-${randomBytes(2).toString("hex")}`.toUpperCase();
    const device_auth_id = randomBytes(16).toString("hex");
    this.#devices.set(user_code, { device_auth_id, account: undefined });
    send(response, 200, { device_auth_id, user_code, interval: "1" });
  }

  #pollDevice(
    { device_auth_id, user_code = "" }: Record<string, string>,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    const device = this.#devices.get(user_code);
    if (device === undefined || device.device_auth_id !== device_auth_id)
      return refuse(response, 400, "unknown_device");
    if (device.account === undefined) return refuse(response, 403, "deviceauth_authorization_pending");
    const code_verifier = randomBytes(32).toString("base64url");
    const redirect_uri = `${baseOf(request)}/deviceauth/callback`;
    const code = this.#grant({ account: device.account, redirect_uri, challenge: challengeOf(code_verifier) });
    send(response, 200, { authorization_code: code, code_challenge: challengeOf(code_verifier), code_verifier });
  }

  #grant(grant: Grant): string {
    const code = randomBytes(8).toString("hex");
    this.#codes.set(code, grant);
    return code;
  }

  #exchange(fields: Record<string, string>, response: ServerResponse): void {
    const { code = "", redirect_uri, code_verifier = "" } = fields;
    const grant = this.#codes.get(code);
    this.#codes.delete(code);
    const isGood = grant?.redirect_uri === redirect_uri && grant?.challenge === challengeOf(code_verifier);
    if (grant !== undefined && isGood) send(response, 200, grant.account.issue());
    else refuse(response, 400, "invalid_grant");
  }
}

/** The base URL that the request was sent to. */
function baseOf(request: IncomingMessage): string {
  const [prefix] = (request.url ?? "").split("/api/");
  return `http://${request.headers.host}${prefix}`;
}

function challengeOf(verifier: string): string {
  return createHash("sha256").update(verifier).digest("base64url");
}

function refuse(response: ServerResponse, status: number, code: string): void {
  send(response, status, { error: { code, message: `Told to refuse: ${code}` } });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
