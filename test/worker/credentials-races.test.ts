// Moments that are over too soon to be met by chance: a step of encryption is held up until another turn is through.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { createLogger } from "../../container/lib/log.ts";
import { CredentialStore } from "../../src/fleet/credential-store.ts";
import { ServerLogin } from "../../src/fleet/server-login.ts";
import { StoredLogin } from "../../src/fleet/stored-login.ts";
import { Vault } from "../../src/fleet/vault.ts";
import { readAuthFile } from "../../src/lib/auth-file.ts";
import { type EncryptionKey, type Sealed, SealKeys } from "../../src/lib/seal.ts";
import { directory, newAccount } from "./support/accounts.ts";

const KEYS: EncryptionKey[] = [{ id: "k", key: new Uint8Array(32) }];

/** Holds up the step that `isHeld` picks, until `release`. */
class HeldKeys extends SealKeys {
  readonly #gate = Promise.withResolvers<void>();
  isHeld: (step: "seal" | "open", text: string) => boolean = () => false;

  constructor() {
    super(KEYS);
  }

  release(): void {
    this.#gate.resolve();
  }

  override async seal(text: string, context: string): Promise<Sealed> {
    if (this.isHeld("seal", text)) await this.#gate.promise;
    return super.seal(text, context);
  }

  override async open(sealed: Sealed, context: string): Promise<string> {
    const text = await super.open(sealed, context);
    if (this.isHeld("open", text)) await this.#gate.promise;
    return text;
  }
}

async function inDirectory(run: (login: StoredLogin, vault: Vault, keys: HeldKeys) => Promise<void>): Promise<void> {
  await runInDurableObject(directory(), async (_, { storage }) => {
    const keys = new HeldKeys();
    const vault = new Vault({ store: new CredentialStore(storage.sql), keys: () => keys, owner: "u" });
    const log = createLogger(console.log, "DEBUG", {});
    await run(new StoredLogin({ vault, authUrl: () => env.OPENAI_AUTH_URL, log }), vault, keys);
  });
}

async function loginOf(account: Awaited<ReturnType<typeof newAccount>>) {
  const file = readAuthFile(await account.login());
  if (file.method !== "oauth") throw new Error("not a ChatGPT login");
  await account.change({ access_ttl_s: 3_600 });
  return file.login;
}

it("does not refresh again for a turn that looked before another one's refresh and asks after it", async () => {
  const account = await newAccount({ access_ttl_s: -1 });
  const login = await loginOf(account);
  await inDirectory(async (stored, _, keys) => {
    await stored.save(login);
    let opens = 0;
    keys.isHeld = (step) => step === "open" && ++opens === 1;
    const slow = stored.current();
    const quick = await stored.current();
    keys.release();
    expect(await slow).toEqual(quick);
  });
  expect((await account.record()).refreshes).toBe(1);
});

it("does not put the settings' refresh token back while another turn is spending it", async () => {
  const account = await newAccount({ access_ttl_s: -1 });
  const login = await loginOf(account);
  await inDirectory(async (stored, vault, keys) => {
    const server = new ServerLogin(() => ({ CHATGPT_OAUTH_TOKEN: login }), stored, vault);
    let seeds = 0;
    keys.isHeld = (step, text) => step === "seal" && text.includes(String(login.refresh_token)) && ++seeds === 2;
    const [slow, quick] = [server.current(), server.current()];
    const first = await Promise.race([slow, quick]);
    keys.release();
    expect(await Promise.all([slow, quick])).toEqual([first, first]);
    expect(await stored.current()).toEqual(first);
  });
  expect((await account.record()).refreshes).toBe(1);
});
