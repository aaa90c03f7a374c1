import type { SignInMethods } from "../signin/methods.ts";
import { Layout, Notice } from "./layout.tsx";

export interface SignInPageProps {
  methods: SignInMethods;
  /** Where the visitor was going; one of our own paths. */
  returnPath: string;
  /** Of the OpenID Connect provider, and of GitHub. */
  hosts: { oidc: string; github: string };
  problem?: string;
}

export function SignInPage({ methods, returnPath, hosts, problem }: SignInPageProps) {
  const query = `?return_to=${encodeURIComponent(returnPath)}`;
  return (
    <Layout title="Sign in" isNarrow>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      <div class="card">
        {methods.password && (
          <form method="post" action="/sign-in/password">
            <input type="hidden" name="return_to" value={returnPath} />
            {/* For password managers, which keep a password under a name. */}
            <input
              class="unseen"
              type="text"
              value="owner"
              autocomplete="username"
              readonly
              tabindex={-1}
              aria-label="User name"
            />
            <label class="label" for="password">
              Owner password
            </label>
            <input id="password" name="password" type="password" autocomplete="current-password" required autofocus />
            <button class="wide" type="submit">
              Sign in
            </button>
          </form>
        )}
        {methods.password && (methods.oidc || methods.github) && <p class="or">or</p>}
        {methods.oidc && (
          <a class="button secondary wide" href={`/sign-in/oidc${query}`}>
            Continue with {hosts.oidc}
          </a>
        )}
        {methods.github && (
          <a class="button secondary wide" href={`/sign-in/github${query}`}>
            Continue with {hosts.github === "github.com" ? "GitHub" : hosts.github}
          </a>
        )}
      </div>
      <p class="hint">
        This server gives AI agents a Codex of their own. Only people its operator has let in can sign in.
      </p>
    </Layout>
  );
}
