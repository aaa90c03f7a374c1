// Credentials in the clear while they are used: opens and seals what credential-store.ts keeps. What was sealed under an
// earlier key is sealed again under the present one when it is read.
import type * as z from "zod";
import type { SealKeys } from "../lib/seal.ts";
import type { CredentialKind, CredentialStore } from "./credential-store.ts";

/** How one kind of credential is kept. */
export interface Compartment<Secret, Facts> {
  kind: CredentialKind;
  secret: z.ZodType<Secret>;
  facts: z.ZodType<Facts>;
}

export interface Opened<Secret, Facts> {
  id: string;
  secret: Secret;
  facts: Facts;
}

export interface VaultOptions {
  store: CredentialStore;
  /** Read at each use: the settings are the present ones. */
  keys(): SealKeys;
  /** Whose credentials: what is sealed for one user opens for no other. */
  owner: string;
}

export class Vault {
  readonly #options: VaultOptions;

  constructor(options: VaultOptions) {
    this.#options = options;
  }

  get canSeal(): boolean {
    return this.#options.keys().current !== undefined;
  }

  /** What may be shown, without any key. */
  facts<S, F>({ kind, facts }: Compartment<S, F>): { id: string; facts: F } | undefined {
    const found = this.#options.store.find(kind);
    return found && { id: found.id, facts: facts.parse(found.facts) };
  }

  /** Throws `credential_unreadable`. */
  async open<S, F>({ kind, secret, facts }: Compartment<S, F>): Promise<Opened<S, F> | undefined> {
    const found = this.#options.store.find(kind);
    if (found === undefined) return undefined;
    const text = await this.#options.keys().open(found.sealed, this.#context(kind));
    if (found.sealed.key_id !== this.#options.keys().current) await this.#sealAgain(kind, found.id, text);
    return { id: found.id, secret: secret.parse(JSON.parse(text)), facts: facts.parse(found.facts) };
  }

  /**
   * Stores a new state and returns its id. With `replaces`, only where the credential is still in that state, else
   * null. Throws `misconfigured` where there is no key.
   */
  async put<S, F>(
    { kind }: Compartment<S, F>,
    content: { secret: S; facts: F },
    replaces?: string,
  ): Promise<string | null> {
    const { store } = this.#options;
    const sealed = await this.#options.keys().seal(JSON.stringify(content.secret), this.#context(kind));
    // From here to the write nothing else can happen.
    if (replaces !== undefined && store.find(kind)?.id !== replaces) return null;
    const id = crypto.randomUUID();
    store.put(kind, { id, sealed, facts: content.facts });
    return id;
  }

  /** Changes facts of the state `id`; passed over where there is another one by now. */
  putFacts<S, F extends object>({ kind }: Compartment<S, F>, id: string, facts: F): void {
    this.#options.store.putFacts(kind, id, facts);
  }

  remove(kind: CredentialKind): void {
    this.#options.store.remove(kind);
  }

  /** `text` is the secret of the state `id`. */
  async #sealAgain(kind: CredentialKind, id: string, text: string): Promise<void> {
    const { store } = this.#options;
    const sealed = await this.#options.keys().seal(text, this.#context(kind));
    const found = store.find(kind);
    if (found?.id === id) store.put(kind, { ...found, sealed });
  }

  #context(kind: CredentialKind): string {
    return JSON.stringify([this.#options.owner, kind]);
  }
}
