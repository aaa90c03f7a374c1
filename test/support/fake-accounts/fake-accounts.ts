// OpenAI's auth server and ChatGPT's backend, for accounts that tests make. Refresh tokens work once, as real ones do.
//
//   POST /accounts[/<id>]        makes an account, or changes its behaviour   GET /accounts/<id>   what was asked of it
//   POST /accounts/<id>/revoke   its access tokens are refused from now on    POST /accounts/<id>/release   opens a gated answer
//   POST /accounts/<id>/approve?user_code=   the user agrees to a device login
//   /auth/…           OPENAI_AUTH_URL           /backend-api/…      CHATGPT_BASE_URL
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { Account, type AccountBehaviour } from "./account.ts";
import { AuthServer } from "./auth-server.ts";
import { answerChatGpt } from "./chatgpt-backend.ts";

export class FakeAccounts {
  readonly #accounts = new Map<string, Account>();
  readonly #auth = new AuthServer((token) => [...this.#accounts.values()].find((account) => account.owns(token)));

  add(behaviour: Partial<AccountBehaviour> = {}): Account {
    const account = new Account(behaviour);
    this.#accounts.set(account.id, account);
    return account;
  }

  /** What the sign-in page does once its user has agreed: returns where it leads the browser. */
  agree(page: string, account: Account): string {
    return this.#auth.agree(new URL(page).searchParams, account);
  }

  /** The user agrees to a device login. */
  approve(userCode: string, account: Account): void {
    this.#auth.approve(userCode, account);
  }

  /** `path` is what follows the mount point. */
  async serve(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(path, "http://accounts");
    const [, area, id = "", action] = url.pathname.split("/");
    if (area === "accounts") return this.#manage({ id, action, url, request, response });
    if (area === "auth") return this.#auth.serve(url.pathname.slice("/auth".length), request, response);
    const accountId = String(request.headers["chatgpt-account-id"]);
    await answerChatGpt(url.pathname.slice("/backend-api".length), this.#accounts.get(accountId), request, response);
  }

  async #manage({ id, action, url, request, response }: Management): Promise<void> {
    const body = await text(request);
    const behaviour = body === "" ? {} : JSON.parse(body);
    const account = this.#accounts.get(id) ?? this.add(behaviour);
    if (request.method === "GET") return sendJson(response, 200, account.record);
    Object.assign(account.behaviour, behaviour);
    if (action === "revoke") account.revokeAccess();
    if (action === "release") account.release();
    if (action === "approve") this.#auth.approve(url.searchParams.get("user_code") ?? "", account);
    if (action === "login") return sendJson(response, 200, account.authJson());
    sendJson(response, 200, { id: account.id });
  }
}

interface Management {
  id: string;
  action: string | undefined;
  url: URL;
  request: IncomingMessage;
  response: ServerResponse;
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
