// ChatGPT accounts of the lab (test/support/fake-accounts), and users that are connected with one.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, inject, onTestFinished } from "vitest";
import { unwrap } from "../../../src/errors.ts";
import type { Directory } from "../../../src/fleet/directory.ts";
import type { AccountBehaviour, AccountRecord, AuthJson } from "../../support/fake-accounts/account.ts";

export interface TestAccount {
  id: string;
  /** A fresh login of the account. Earlier ones stay good. */
  login(): Promise<AuthJson>;
  change(behaviour: Partial<AccountBehaviour>): Promise<void>;
  /** Its access tokens so far are refused from now on. */
  revoke(): Promise<void>;
  release(): Promise<void>;
  approve(userCode: string): Promise<void>;
  record(): Promise<AccountRecord>;
}

export interface AccountOptions extends Partial<AccountBehaviour> {
  /** How often a spent refresh token is used again in this test. Any other number fails it. */
  reuses?: number;
}

/** Fails the test where a refresh token of the account is used twice. */
export async function newAccount({ reuses = 0, ...behaviour }: AccountOptions = {}): Promise<TestAccount> {
  const { id } = await post<{ id: string }>("accounts", behaviour);
  const at = (action: string) => `accounts/${id}${action}`;
  const account: TestAccount = {
    id,
    login: () => post(at("/login")),
    change: (changes) => post(at(""), changes),
    revoke: () => post(at("/revoke")),
    release: () => post(at("/release")),
    approve: (userCode) => post(at(`/approve?user_code=${userCode}`)),
    record: async () => (await fetch(url(at("")))).json(),
  };
  onTestFinished(async () => expect((await account.record()).reuses, "uses of a spent refresh token").toBe(reuses));
  return account;
}

export function directory(userId: string = crypto.randomUUID()): DurableObjectStub<Directory> {
  return env.DIRECTORY.getByName(userId);
}

/** A directory whose user is connected with the account. */
export async function connected(account: TestAccount, userId?: string): Promise<DurableObjectStub<Directory>> {
  const stub = directory(userId);
  unwrap(await stub.saveChatGptLogin(await account.login()));
  return stub;
}

/** The object goes on with other settings, as after a deploy. */
export async function deploy(
  stub: DurableObjectStub<Directory>,
  settings: Partial<Record<string, string>>,
): Promise<void> {
  await runInDurableObject(stub, (instance) => {
    // Protected in the type; the object reads its settings anew at each call.
    Object.assign(instance, { env: { ...env, ...settings } });
  });
}

/** The object's memory is gone; what it stored is there. */
export async function forget(stub: DurableObjectStub<Directory>): Promise<DurableObjectStub<Directory>> {
  const reason = "aborted by the test";
  const aborting = runInDurableObject(stub, (_, state) => state.abort(reason));
  await expect(aborting).rejects.toThrow(reason);
  return env.DIRECTORY.get(stub.id);
}

/** All of the object's database, as text: each byte is one character. */
export async function dump(stub: DurableObjectStub<Directory>): Promise<string> {
  return runInDurableObject(stub, (_, { storage: { sql } }) => {
    const tables = sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'");
    const rows = tables.toArray().flatMap(({ name }) => sql.exec(`SELECT * FROM ${name}`).toArray());
    return rows
      .flatMap((row) => Object.values(row))
      .map((value) => (value instanceof ArrayBuffer ? String.fromCharCode(...new Uint8Array(value)) : String(value)))
      .join("\n");
  });
}

function url(path: string): string {
  return `${inject("labUrl")}/openai/${path}`;
}

async function post<Answer = void>(path: string, body: object = {}): Promise<Answer> {
  const response = await fetch(url(path), { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`the lab could not ${path}: ${await response.text()}`);
  return response.json();
}
