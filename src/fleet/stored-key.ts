// A user's own API key.
import * as z from "zod";
import { readApiKey } from "../lib/auth-file.ts";
import type { ApiKeyStatus } from "./credential-types.ts";
import type { Compartment, Vault } from "./vault.ts";

const Secret = z.object({ api_key: z.string() });
const Facts = z.object({ hint: z.string(), connected_at: z.number() });
const KEY: Compartment<z.infer<typeof Secret>, z.infer<typeof Facts>> = {
  kind: "api_key",
  secret: Secret,
  facts: Facts,
};

export class StoredKey {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  get exists(): boolean {
    return this.#vault.facts(KEY) !== undefined;
  }

  /** Throws `invalid_input`, or `misconfigured` where it cannot be encrypted. */
  async save(text: unknown): Promise<void> {
    const api_key = readApiKey(text);
    await this.#vault.put(KEY, { secret: { api_key }, facts: { hint: hintOf(api_key), connected_at: Date.now() } });
  }

  remove(): void {
    this.#vault.remove(KEY.kind);
  }

  status(): Omit<ApiKeyStatus, "source"> | null {
    return this.#vault.facts(KEY)?.facts ?? null;
  }

  async current(): Promise<{ id: string; api_key: string } | null> {
    const opened = await this.#vault.open(KEY);
    return opened === undefined ? null : { id: opened.id, api_key: opened.secret.api_key };
  }
}

/** Four characters of a short key would be half of it. */
function hintOf(apiKey: string): string {
  return apiKey.length < 20 ? "" : apiKey.slice(-4);
}
