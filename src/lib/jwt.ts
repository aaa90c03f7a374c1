// Reads what a JSON Web Token of OpenAI says about itself. Nothing is verified: the tokens are the account holder's own, and the
// API that gets them does that.
import * as z from "zod";

const MAX_CHARS = 16_384;

/** As much as is used. https://api.openai.com/auth is OpenAI's own claim. */
const Claims = z.object({
  exp: z.number().optional().catch(undefined),
  email: z.string().max(320).optional().catch(undefined),
  "https://api.openai.com/auth": z
    .object({
      chatgpt_account_id: z.string().max(128).optional().catch(undefined),
      chatgpt_plan_type: z.string().max(64).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});

export interface TokenFacts {
  /** Unix time in ms. */
  expires_at: number | null;
  email: string | null;
  account_id: string | null;
  plan: string | null;
}

/** Everything is null for a text that is no JWT. */
export function readToken(token: string | null): TokenFacts {
  const claims = Claims.safeParse(payloadOf(token ?? "")).data;
  const account = claims?.["https://api.openai.com/auth"];
  return {
    expires_at: claims?.exp === undefined ? null : claims.exp * 1_000,
    email: claims?.email ?? null,
    account_id: account?.chatgpt_account_id ?? null,
    plan: account?.chatgpt_plan_type ?? null,
  };
}

function payloadOf(token: string): unknown {
  const [, payload, signature] = token.length > MAX_CHARS ? [] : token.split(".");
  if (payload === undefined || signature === undefined) return undefined;
  try {
    const binary = atob(payload.replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0))));
  } catch {
    return undefined;
  }
}
