// The ChatGPT login of a developer's machine. It stays in its auth.json, which Codex itself uses as well: the dev server hands out
// the access token, and refreshes it in that file (src/cli/dev/local-login.ts).
import * as z from "zod";
import { AppError } from "../errors.ts";
import { type ChatGptStatus, LoginProblem, type RateLimits } from "./credential-types.ts";
import { EXPIRES_SOON_MS, type HeldLogin, type LoginSource, loginNeeded } from "./login-source.ts";

/** `rejected`: the id of a state that ChatGPT refused. */
export const LocalLoginRequest = z.object({ rejected: z.string().max(64).nullable() });
export type LocalLoginRequest = z.infer<typeof LocalLoginRequest>;

export const LocalLoginAnswer = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("ok"),
    id: z.string().max(64),
    access_token: z.string(),
    account_id: z.string(),
    expires_at: z.number().nullable(),
    email: z.string().nullable(),
    plan: z.string().nullable(),
    is_renewable: z.boolean(),
  }),
  z.object({ status: z.literal("ended"), problem: LoginProblem }),
  /** The auth server does not answer, or there is no login at the moment. */
  z.object({ status: z.literal("unavailable") }),
]);
export type LocalLoginAnswer = z.infer<typeof LocalLoginAnswer>;

type Answered = Extract<LocalLoginAnswer, { status: "ok" }>;

/** It may have to refresh the login first. */
const TIMEOUT_MS = 65_000;

export class LocalLogin implements LoginSource {
  readonly #url: string;
  readonly #token: string;
  #known: Answered | undefined;
  #problem: LoginProblem | null = null;
  #limits: RateLimits | null = null;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  async current(rejected?: string): Promise<HeldLogin> {
    const known = this.#known;
    if (known !== undefined && known.id !== rejected && !isRunningOut(known)) return known;
    const answer = await this.#ask(rejected ?? null);
    if (answer.status === "ok") {
      this.#problem = null;
      this.#known = answer;
      return answer;
    }
    this.#known = undefined;
    if (answer.status === "unavailable") throw unavailable();
    this.#problem = answer.problem;
    throw loginNeeded(answer.problem);
  }

  async status(): Promise<Omit<ChatGptStatus, "source">> {
    await this.current().catch(() => {});
    return {
      hint: this.#known?.account_id.slice(-4) ?? "",
      connected_at: null,
      email: this.#known?.email ?? null,
      plan: this.#known?.plan ?? null,
      is_renewable: this.#known?.is_renewable ?? false,
      expires_at: this.#known?.expires_at ?? null,
      needs_login: this.#problem,
      rate_limits: this.#limits,
    };
  }

  noteRateLimits(_id: string, limits: RateLimits): void {
    this.#limits = limits;
  }

  async #ask(rejected: string | null): Promise<LocalLoginAnswer> {
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
        body: JSON.stringify({ rejected } satisfies LocalLoginRequest),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return LocalLoginAnswer.parse(await response.json());
    } catch {
      throw unavailable();
    }
  }
}

function isRunningOut({ expires_at }: Answered): boolean {
  return expires_at !== null && expires_at - Date.now() < EXPIRES_SOON_MS;
}

function unavailable(): AppError {
  return new AppError(
    "model_unreachable",
    "The ChatGPT login of this machine cannot be used at the moment. Look at the output of `npm run dev`, then try again.",
  );
}
