// What a client asks for, and from whom. All that a client says about itself is text that anybody could have written.
import type { ConsentDescription } from "@cloudflare/workers-oauth-provider";
import type { Account } from "../lib/account.ts";
import { Layout, Notice } from "./layout.tsx";
import { ScopeChoice } from "./scope-texts.tsx";

export interface ConsentPageProps {
  account: Account;
  userId: string;
  client: ConsentDescription;
  /** What is ticked at first. */
  scopes: readonly string[];
  /** Of the transaction: names the request that is kept here. */
  handle: string;
}

const MAX_NAME_CHARS = 80;

export function ConsentPage({ account, userId, client, scopes, handle }: ConsentPageProps) {
  const name = client.clientName.slice(0, MAX_NAME_CHARS);
  return (
    <Layout title={`Connect ${name}?`} account={account}>
      <p class="lead">It wants to use your Codex agents.</p>
      <div class="card">
        <dl>
          <dt>Publisher</dt>
          <dd>
            {client.clientDomain === undefined ? (
              "Not verified: the app chose its name itself"
            ) : (
              <strong>{client.clientDomain}</strong>
            )}
          </dd>
          <dt>Access goes to</dt>
          <dd>
            <strong>{client.redirectHost}</strong>
          </dd>
        </dl>
        {client.redirectIsLoopback && (
          <Notice kind="warning">
            <p>
              <strong>This gives access to a program on your computer.</strong>
            </p>
            <p>Go on only if you have just started this sign-in from a program that you trust.</p>
          </Notice>
        )}
        <form method="post" action="/authorize">
          <input type="hidden" name="handle" value={handle} />
          <input type="hidden" name="user" value={userId} />
          <ScopeChoice chosen={scopes} legend="It may" />
          <div class="actions">
            <button type="submit" name="decision" value="approve">
              Allow
            </button>
            <button class="secondary" type="submit" name="decision" value="deny">
              Deny
            </button>
          </div>
        </form>
      </div>
      <p class="hint">You can end this at any time on your account page.</p>
    </Layout>
  );
}
