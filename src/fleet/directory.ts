// The Durable Object of one user (its name is the user's id): an index of the agents, as they last reported themselves; the
// Codex credentials; the personal access tokens; the browser sessions; the tokens that models took. The one named SERVER_DIRECTORY has the server's own
// ChatGPT login.
import { DurableObject } from "cloudflare:workers";
import { createLogger } from "../../container/lib/log.ts";
import { readConfig } from "../config.ts";
import { type Outcome, outcomeOf, unwrap } from "../errors.ts";
import type { Account } from "../lib/account.ts";
import type { AgentReport, AgentState, SessionStatus } from "../lib/agent-report.ts";
import { migrate } from "../lib/migrate.ts";
import type { SpentBudget } from "../lib/token-budget.ts";
import { BrowserSessionStore, type NewBrowserSession } from "./browser-session-store.ts";
import type {
  ChatGptStatus,
  CredentialMethod,
  CredentialStatus,
  DeviceLogin,
  DevicePoll,
  ModelCredential,
  ModelCredentialRequest,
  RateLimits,
} from "./credential-types.ts";
import { Credentials } from "./credentials.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { MIGRATIONS } from "./migrations.ts";
import { SERVER_DIRECTORY } from "./server-login.ts";
import { type SpentRequest, SpentTokens } from "./spent-tokens.ts";
import { AgentIndex, type Page } from "./store.ts";
import { TokenBudget, type TokensUsed } from "./token-budget.ts";
import { type NewToken, type TokenRow, TokenStore } from "./token-store.ts";

export interface ListRequest {
  status?: SessionStatus | undefined;
  agent_id?: string | undefined;
  cursor?: string | undefined;
  limit: number;
}

export interface AgentList {
  agents: AgentState[];
  next_cursor?: string;
  /** Of all pages. */
  total: number;
}

export class Directory extends DurableObject<Cloudflare.Env> {
  readonly #index: AgentIndex;
  readonly #credentials: Credentials;
  readonly #tokens: TokenStore;
  readonly #sessions: BrowserSessionStore;
  readonly #budget: TokenBudget;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    migrate(ctx.storage, MIGRATIONS);
    this.#index = new AgentIndex(ctx.storage.sql);
    this.#credentials = this.#createCredentials();
    this.#tokens = new TokenStore(ctx.storage.sql);
    this.#sessions = new BrowserSessionStore(ctx.storage.sql);
    this.#budget = new TokenBudget(new SpentTokens(ctx.storage), () => {
      const { MAX_TOKENS_PER_TURN: turn, MAX_TOKENS_PER_DAY: day } = readConfig(this.env);
      return { turn, day };
    });
  }

  /** Returns the highest number that is known of the agent: above that of `report` where it came too late. */
  report(report: AgentReport): number {
    return this.#index.put(report);
  }

  remove(agentId: string, number: number): void {
    this.#index.remove(agentId, number);
  }

  /** The most recently active first. An agent that becomes active during a walk moves to pages that were read before. */
  list({ status, agent_id, cursor, limit }: ListRequest): Promise<Outcome<AgentList>> {
    return outcomeOf(() => {
      if (agent_id !== undefined) return this.#single(agent_id, status);
      const after = cursor === undefined ? null : decodeCursor(cursor);
      const page = this.#index.list(status ?? null, { limit, after });
      return toList(page, this.#index.count(status ?? null));
    });
  }

  /** Agents whose container is up, in the order of {@link list}. */
  listUp({ cursor, limit }: ListRequest): Promise<Outcome<AgentList>> {
    return outcomeOf(() => {
      const after = cursor === undefined ? null : decodeCursor(cursor);
      return toList(this.#index.listUp({ limit, after }), this.#index.countUp());
    });
  }

  /** Agents without activity since `before`, the longest idle first. */
  listInactive(before: number, onlyUp: boolean, limit: number): AgentState[] {
    return this.#index.listInactive(before, onlyUp, limit);
  }

  /** For health checks: whether what is written can be read, and how many agents there are. */
  check(probe: number): { is_durable: boolean; agents: number; up: number } {
    return { is_durable: this.#index.probe(probe), agents: this.#index.count(null), up: this.#index.countUp() };
  }

  /** How the user's credentials stand. Never holds a secret. */
  credentialStatus(): Promise<Outcome<CredentialStatus>> {
    return outcomeOf(() => this.#credentials.status());
  }

  saveApiKey(key: string): Promise<Outcome<void>> {
    return outcomeOf(() => this.#credentials.saveApiKey(key));
  }

  /** Codex's auth.json, as text or parsed. */
  saveChatGptLogin(authJson: unknown): Promise<Outcome<void>> {
    return outcomeOf(() => this.#credentials.saveChatGptLogin(authJson));
  }

  startDeviceLogin(): Promise<Outcome<DeviceLogin>> {
    return outcomeOf(() => this.#credentials.deviceLogins.start());
  }

  pollDeviceLogin(): Promise<Outcome<DevicePoll>> {
    return outcomeOf(() => this.#credentials.deviceLogins.poll());
  }

  removeCredential(method: CredentialMethod): Promise<Outcome<void>> {
    return outcomeOf(() => this.#credentials.remove(method));
  }

  /** For the model gateway only: it holds the secret. */
  modelCredential(request: ModelCredentialRequest = {}): Promise<Outcome<ModelCredential>> {
    return outcomeOf(() => this.#credentials.forModel(request));
  }

  /** `id` is that of the credential whose answer told the limits. */
  noteRateLimits(id: string, limits: RateLimits): void {
    if (this.ctx.id.name === SERVER_DIRECTORY) this.#credentials.noteServerRateLimits(id, limits);
    else this.#credentials.noteRateLimits(id, limits);
  }

  /** Of {@link SERVER_DIRECTORY} only. */
  serverCredential(request: ModelCredentialRequest): Promise<Outcome<ModelCredential | null>> {
    return outcomeOf(() => this.#credentials.serverCredential(request));
  }

  /** Of {@link SERVER_DIRECTORY} only. */
  serverStatus(): Promise<Outcome<ChatGptStatus | null>> {
    return outcomeOf(() => this.#credentials.serverStatus());
  }

  /** For the model gateway: null where the request may go out, else what is spent. */
  admitModelRequest(request: SpentRequest): Promise<SpentBudget | null> {
    return this.#budget.admit(request);
  }

  /** What a model request took in the end. */
  countModelRequest(request: SpentRequest): void {
    this.#budget.count(request);
  }

  /** Null while the user may go on today. */
  spentDay(): SpentBudget | null {
    return this.#budget.spentDay();
  }

  tokensUsed(turnId: string | null): TokensUsed {
    return this.#budget.used(turnId);
  }

  addToken(token: NewToken): Promise<Outcome<void>> {
    return outcomeOf(() => this.#tokens.add(token));
  }

  listTokens(): TokenRow[] {
    return this.#tokens.list();
  }

  /** What the token may do and whose it is. Null for one that is unknown, wrong, revoked or expired. */
  async useToken(id: string, secret: string): Promise<{ token: TokenRow; account: Account } | null> {
    const token = await this.#tokens.use(id, secret);
    const account = this.#sessions.account();
    return token === null || account === null ? null : { token, account };
  }

  revokeToken(id: string): void {
    this.#tokens.revoke(id);
  }

  openSession(session: NewBrowserSession): Promise<void> {
    return this.#sessions.open(session);
  }

  /** Whose session it is. Null for one that is unknown, wrong, ended or expired. */
  useSession(id: string, secret: string): Promise<Account | null> {
    return this.#sessions.use(id, secret);
  }

  /** Whose directory it is, as the newest sign-in described them. Null where nobody has signed in. */
  account(): Account | null {
    return this.#sessions.account();
  }

  closeSession(id: string): void {
    this.#sessions.close(id);
  }

  closeAllSessions(): void {
    this.#sessions.closeAll();
  }

  #createCredentials(): Credentials {
    const { ctx } = this;
    const config = () => readConfig(this.env);
    const directory = () => this.env.DIRECTORY.getByName(SERVER_DIRECTORY);
    return new Credentials({
      sql: ctx.storage.sql,
      // A directory is reached by its name only, so it always knows it.
      owner: ctx.id.name ?? ctx.id.toString(),
      config,
      log: createLogger(console.log, config().LOG_LEVEL, { part: "directory", object: ctx.id.toString().slice(0, 12) }),
      server: {
        credential: async (request) => unwrap(await directory().serverCredential(request)),
        status: async () => unwrap(await directory().serverStatus()),
      },
    });
  }

  #single(agentId: string, status: SessionStatus | undefined): AgentList {
    const found = this.#index.find(agentId);
    const agents = found !== undefined && (status ?? found.status) === found.status ? [found] : [];
    return { agents, total: agents.length };
  }
}

function toList({ rows, next }: Page, total: number): AgentList {
  return { agents: rows, ...(next === null ? {} : { next_cursor: encodeCursor(next) }), total };
}
