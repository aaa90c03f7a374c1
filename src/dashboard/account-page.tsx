// Everything that a user has here: tokens, connected clients, the way out.
import type { GrantSummary } from "@cloudflare/workers-oauth-provider";
import * as z from "zod";
import type { CredentialStatus } from "../fleet/credential-types.ts";
import type { TokenRow } from "../fleet/token-store.ts";
import type { Account } from "../lib/account.ts";
import { CredentialSection } from "./credential-section.tsx";
import { Layout, Notice, Time } from "./layout.tsx";
import { NewTokenForm } from "./new-token-form.tsx";
import { ScopeTags } from "./scope-texts.tsx";

export interface AccountPageProps {
  account: Account;
  /** Where clients reach this server. */
  origin: string;
  tokens: readonly TokenRow[];
  clients: readonly GrantSummary[];
  /** The text of a token that was made just now: it is never shown again. */
  newToken?: string;
  problem?: string;
  /** Whether `problem` is about the form for a new token. */
  isTokenProblem?: boolean;
  /** Unix time in ms. */
  now: number;
  credential: CredentialStatus;
}

export function AccountPage(props: AccountPageProps) {
  const { account, origin, tokens, clients, newToken, problem, isTokenProblem = false, now, credential } = props;
  return (
    <Layout title="Your account" account={account}>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {newToken !== undefined && <NewToken text={newToken} />}
      <CredentialSection status={credential} />
      <section aria-labelledby="clients">
        <h2 id="clients">Connected clients</h2>
        <p class="soft">Apps that you have let in. Whoever is disconnected has to ask again.</p>
        {clients.length === 0 ? <HowToConnect origin={origin} /> : <Clients clients={clients} />}
      </section>
      <section aria-labelledby="tokens">
        <h2 id="tokens">Personal access tokens</h2>
        <p class="soft">For scripts and clients that cannot open a browser. A token acts as you.</p>
        {tokens.length > 0 && <Tokens tokens={tokens} now={now} />}
        <NewTokenForm isOpen={isTokenProblem} />
      </section>
      <section aria-labelledby="browsers">
        <h2 id="browsers">Signed-in browsers</h2>
        <p class="soft">Ends this session and every other one. Tokens and connected clients stay.</p>
        <form method="post" action="/sign-out">
          <input type="hidden" name="everywhere" value="yes" />
          <button class="quiet" type="submit">
            Sign out everywhere
          </button>
        </form>
      </section>
    </Layout>
  );
}

function NewToken({ text }: { text: string }) {
  return (
    <Notice kind="success">
      <p>
        <strong>Your new token.</strong> Copy it: it is shown this one time.
      </p>
      <pre class="wrap" id="new-token" tabindex={0}>
        {text}
      </pre>
      <p class="hint">Send it as “Authorization: Bearer …”.</p>
    </Notice>
  );
}

function HowToConnect({ origin }: { origin: string }) {
  return (
    <>
      <p>None yet. To connect Claude Code:</p>
      <pre class="wrap">{`claude mcp add --transport http codex ${origin}/mcp`}</pre>
      <p class="hint">In other apps, add a connector with the address {`${origin}/mcp`}.</p>
    </>
  );
}

/** Written by the consent page. */
const Metadata = z.object({
  client_name: z.string(),
  client_domain: z.string().optional(),
  redirect_host: z.string(),
});

function Clients({ clients }: { clients: readonly GrantSummary[] }) {
  return (
    <ul class="items">
      {clients.map(({ id, clientId, metadata, scope, createdAt }) => {
        const about = Metadata.safeParse(metadata).data;
        const name = about?.client_name ?? clientId;
        return (
          <li>
            <div>
              <strong>{name}</strong> <span class="hint">{about?.client_domain ?? about?.redirect_host}</span>
              <div>
                <ScopeTags scopes={scope} />
              </div>
              <span class="hint">
                Connected <Time at={createdAt * 1000} />
              </span>
            </div>
            <form method="post" action={`/account/clients/${encodeURIComponent(id)}/disconnect`}>
              <button class="quiet danger" type="submit" aria-label={`Disconnect ${name}`}>
                Disconnect
              </button>
            </form>
          </li>
        );
      })}
    </ul>
  );
}

function Tokens({ tokens, now }: { tokens: readonly TokenRow[]; now: number }) {
  return (
    <ul class="items">
      {tokens.map(({ id, name, scopes, expires_at, last_used_at }) => (
        <li>
          <div>
            <strong>{name}</strong>
            <div>
              <ScopeTags scopes={scopes} />
            </div>
            <span class="hint">
              {expires_at <= now ? "Expired " : "Expires "}
              <Time at={expires_at} />
              {" · "}
              {last_used_at === null ? (
                "never used"
              ) : (
                <>
                  last used <Time at={last_used_at} />
                </>
              )}
            </span>
          </div>
          <form method="post" action={`/account/tokens/${id}/revoke`}>
            <button class="quiet danger" type="submit" aria-label={`Revoke ${name}`}>
              Revoke
            </button>
          </form>
        </li>
      ))}
    </ul>
  );
}
