// Lends the ChatGPT login of this machine to the Worker: an access token at a time. The refresh token stays in the one auth.json, which
// Codex itself uses as well, and is refreshed there: a copy of it elsewhere would end the login for one of the two.
//
// Codex reads the file again before it refreshes, and so does this. Only where both do it in the same moment, one of them
// comes second and finds its token used; here that is told by the file having changed.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { accessSync, constants, readFileSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { text } from "node:stream/consumers";
import { type LocalLoginAnswer, LocalLoginRequest } from "../../fleet/local-login.ts";
import { EXPIRES_SOON_MS } from "../../fleet/login-source.ts";
import { type ChatGptLogin, readAuthFile } from "../../lib/auth-file.ts";
import { readToken } from "../../lib/jwt.ts";
import { type NewTokens, type RefreshProblem, refreshTokens } from "../../lib/openai-auth.ts";

export interface LocalLoginOptions {
  /** The auth.json. */
  path: string;
  authUrl: string;
  onLine(line: string): void;
}

export class LocalLoginLender {
  readonly #options: LocalLoginOptions;
  readonly #token = randomBytes(32).toString("hex");
  readonly #server: Server;
  #lending: Promise<unknown> = Promise.resolve();

  private constructor(options: LocalLoginOptions) {
    this.#options = options;
    this.#server = createServer(async (request, response) => {
      const answer = await this.#answer(request);
      response.writeHead(answer === null ? 401 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer));
    });
  }

  /** Resolves when it listens, on loopback. */
  static async start(options: LocalLoginOptions): Promise<LocalLoginLender> {
    const lender = new LocalLoginLender(options);
    lender.#server.listen(0, "127.0.0.1");
    await once(lender.#server, "listening");
    return lender;
  }

  /** For the Worker. */
  get vars(): { LOCAL_LOGIN_URL: string; LOCAL_LOGIN_TOKEN: string } {
    const { port } = this.#server.address() as AddressInfo; // a TCP server that listens has one
    return { LOCAL_LOGIN_URL: `http://127.0.0.1:${port}`, LOCAL_LOGIN_TOKEN: this.#token };
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Null for a stranger. */
  async #answer(request: IncomingMessage): Promise<LocalLoginAnswer | null> {
    if (request.headers.authorization !== `Bearer ${this.#token}`) return null;
    try {
      const { rejected } = LocalLoginRequest.parse(JSON.parse(await text(request)));
      // One after the other: a refresh token works once.
      const lent = this.#lending.then(() => this.#lend(rejected));
      this.#lending = lent.catch(() => {});
      return await lent;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.onLine(`The ChatGPT login in ${this.#options.path} cannot be used now: ${reason}`);
      return { status: "unavailable" };
    }
  }

  async #lend(rejected: string | null): Promise<LocalLoginAnswer> {
    const login = readLogin(this.#options.path);
    const { expires_at } = readToken(login.access_token);
    const isRejected = idOf(login) === rejected;
    const leftMs = expires_at === null ? Number.POSITIVE_INFINITY : expires_at - Date.now();
    if (!isRejected && leftMs > EXPIRES_SOON_MS) return toAnswer(login);
    const isGood = !isRejected && leftMs > 0;
    if (login.refresh_token !== null) return this.#refresh(login, login.refresh_token, isGood);
    if (isGood) return toAnswer(login);
    return { status: "ended", problem: isRejected ? "access_token_rejected" : "access_token_expired" };
  }

  /** `isGood`: the login will do as it is where the auth server has a problem. */
  async #refresh(login: ChatGptLogin, refresh_token: string, isGood: boolean): Promise<LocalLoginAnswer> {
    const { path, authUrl, onLine } = this.#options;
    let renewed: NewTokens | RefreshProblem;
    try {
      // A new token that cannot be written down would be lost.
      assertWritable(path);
      renewed = await refreshTokens(authUrl, { client_id: login.client_id, refresh_token });
    } catch (error) {
      if (isGood) return toAnswer(login);
      throw error;
    }
    if (typeof renewed !== "string") {
      writeTokens(path, renewed);
      return toAnswer(readLogin(path));
    }
    const present = readLogin(path);
    if (present.refresh_token !== refresh_token) return toAnswer(present);
    onLine(`The ChatGPT login in ${path} has ended (${renewed}). Run \`npm run login\`.`);
    return { status: "ended", problem: renewed };
  }
}

function readLogin(path: string): ChatGptLogin {
  const file = readAuthFile(readFileSync(path, "utf8"));
  if (file.method === "oauth") return file.login;
  throw new Error("it holds an API key by now; start again");
}

function assertWritable(path: string): void {
  const file = realpathSync(path);
  for (const each of [file, dirname(file)]) accessSync(each, constants.W_OK);
}

/** The rest of the file stays as it is. Whoever reads it meanwhile sees the old one or the new one. */
function writeTokens(path: string, renewed: NewTokens): void {
  const target = realpathSync(path);
  const content: { tokens: object } = JSON.parse(readFileSync(target, "utf8")); // readLogin has looked at it
  const tokens = { ...content.tokens, ...renewed };
  const text = JSON.stringify({ ...content, tokens, last_refresh: new Date().toISOString() }, null, 2);
  const temporary = `${target}.${process.pid}.tmp`;
  writeFileSync(temporary, `${text}\n`, { mode: 0o600 });
  renameSync(temporary, target);
}

function toAnswer(login: ChatGptLogin): LocalLoginAnswer {
  const [access, id] = [readToken(login.access_token), readToken(login.id_token)];
  return {
    status: "ok",
    id: idOf(login),
    access_token: login.access_token,
    account_id: login.account_id,
    expires_at: access.expires_at,
    email: id.email ?? access.email,
    plan: id.plan ?? access.plan,
    is_renewable: login.refresh_token !== null,
  };
}

function idOf({ access_token }: ChatGptLogin): string {
  return createHash("sha256").update(access_token).digest("hex").slice(0, 32);
}
