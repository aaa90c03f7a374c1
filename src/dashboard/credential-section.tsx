// What Codex signs in with at OpenAI: how it stands, and how to connect or disconnect it. Nothing secret is ever shown.
import type { ChatGptStatus, CredentialStatus, DeviceLogin, RateLimitWindow } from "../fleet/credential-types.ts";
import { durationText } from "../lib/duration-text.ts";
import { Notice, Time } from "./layout.tsx";

export function CredentialSection({ status }: { status: CredentialStatus }) {
  const { in_use, problem, api_key, oauth, device_login } = status;
  return (
    <section aria-labelledby="credential">
      <h2 id="credential">Codex credential</h2>
      <p class="soft">What your agents' turns are paid with. It stays on the server: no agent ever sees it.</p>
      {problem !== null && <Notice kind="warning">{problem.message}</Notice>}
      <ul class="items">
        {oauth !== null && (
          <li>
            <div>
              <strong>ChatGPT{oauth.plan === null ? "" : ` ${oauth.plan}`}</strong>{" "}
              <InUse isIt={in_use?.method === "oauth"} isServers={oauth.source === "server"} />
              <ChatGptDetails login={oauth} />
            </div>
            {oauth.source === "own" && <Disconnect method="oauth" name="ChatGPT" />}
          </li>
        )}
        {api_key !== null && (
          <li>
            <div>
              <strong>API key</strong> {api_key.source === "own" && <code>…{api_key.hint}</code>}{" "}
              <InUse isIt={in_use?.method === "api_key"} isServers={api_key.source === "server"} />
              {api_key.connected_at !== null && (
                <div class="hint">
                  Connected <Time at={api_key.connected_at} />
                </div>
              )}
            </div>
            {api_key.source === "own" && <Disconnect method="api_key" name="the API key" />}
          </li>
        )}
      </ul>
      {device_login === null ? <Connect /> : <DeviceLoginSteps login={device_login} />}
    </section>
  );
}

function InUse({ isIt, isServers }: { isIt: boolean; isServers: boolean }) {
  return (
    <>
      {isIt && <span class="tag">in use</span>}
      {isServers && <span class="tag">of this server</span>}
    </>
  );
}

function ChatGptDetails({ login }: { login: ChatGptStatus }) {
  const { email, hint, connected_at, rate_limits } = login;
  return (
    <>
      <div class="hint">
        {email ?? `account …${hint}`}
        {connected_at !== null && (
          <>
            {" · connected "}
            <Time at={connected_at} />
          </>
        )}
      </div>
      {[rate_limits?.primary, rate_limits?.secondary].map((window) => window && <Used window={window} />)}
    </>
  );
}

function Used({ window: { used_percent, window_minutes, resets_at } }: { window: RateLimitWindow }) {
  const length = window_minutes === null ? "" : ` of ${durationText(window_minutes)}`;
  const label = `${Math.round(used_percent)} %${length} used`;
  return (
    <div class="hint">
      <meter min="0" max="100" high={80} value={String(Math.min(100, used_percent))} aria-label={label} /> {label}
      {resets_at !== null && (
        <>
          {", whole again "}
          <Time at={resets_at} />
        </>
      )}
    </div>
  );
}

function Disconnect({ method, name }: { method: string; name: string }) {
  return (
    <form method="post" action={`/account/codex/${method}/disconnect`}>
      <button class="quiet danger" type="submit" aria-label={`Disconnect ${name}`}>
        Disconnect
      </button>
    </form>
  );
}

function DeviceLoginSteps({ login }: { login: DeviceLogin }) {
  return (
    <div class="card">
      <p>
        Open{" "}
        <a href={login.verification_url} target="_blank" rel="noopener noreferrer">
          {login.verification_url}
        </a>
        , sign in to ChatGPT, and type this code. Type it nowhere else.
      </p>
      <pre id="user-code" tabindex={0}>
        {login.user_code}
      </pre>
      <p class="hint">
        Good until <Time at={login.expires_at} />
      </p>
      <form method="post" action="/account/codex/device/poll">
        <button type="submit">I have typed it</button>
      </form>
    </div>
  );
}

function Connect() {
  return (
    <>
      <form method="post" action="/account/codex/device">
        <button type="submit">Connect ChatGPT</button>
      </form>
      <details>
        <summary>Use an API key</summary>
        <form method="post" action="/account/codex/api-key" autocomplete="off">
          <fieldset>
            <label class="label" for="api-key">
              OpenAI API key
            </label>
            <input id="api-key" name="api_key" type="password" autocomplete="off" placeholder="sk-…" required />
          </fieldset>
          <button type="submit">Save key</button>
        </form>
      </details>
      <details>
        <summary>Move a login here from a machine with Codex</summary>
        <form method="post" action="/account/codex/chatgpt" autocomplete="off">
          <fieldset>
            <label class="label" for="auth-json">
              The text of <code>~/.codex/auth.json</code>
            </label>
            <textarea id="auth-json" name="auth_json" rows={5} spellcheck={false} required />
            <p class="hint">A login has one holder: delete that file afterwards, or make a login of its own there.</p>
          </fieldset>
          <button type="submit">Move it here</button>
        </form>
      </details>
    </>
  );
}
