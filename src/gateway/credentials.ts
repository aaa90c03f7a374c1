// Which credential the model API gets.
import type { Config } from "../config.ts";

export interface Credential {
  method: "api_key";
  authorization: string;
}

/** Null where none is configured. */
export function chooseCredential({ OPENAI_API_KEY }: Config): Credential | null {
  if (OPENAI_API_KEY === undefined) return null;
  return { method: "api_key", authorization: `Bearer ${OPENAI_API_KEY}` };
}
