// The frame of every page.
import type { Child } from "hono/jsx";
import { type Account, displayName } from "../lib/account.ts";
import { VERSION } from "../version.ts";

export interface LayoutProps {
  title: string;
  /** Who is signed in, where anybody is. */
  account?: Account;
  /** For a page that holds one small thing. */
  isNarrow?: boolean;
  children: Child;
}

export function Layout({ title, account, isNarrow = false, children }: LayoutProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>{`${title} · Persistent Codex`}</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href={`/style.css?v=${VERSION}`} />
      </head>
      <body class={isNarrow ? "narrow" : ""}>
        <header class="top">
          <a class="brand" href="/account">
            <img src="/icon.svg" alt="" width="28" height="28" />
            Persistent Codex
          </a>
          {account && <Visitor account={account} />}
        </header>
        <main>
          <h1>{title}</h1>
          {children}
        </main>
      </body>
    </html>
  );
}

function Visitor({ account }: { account: Account }) {
  return (
    <form class="visitor" method="post" action="/sign-out">
      <span>
        Signed in as <strong>{displayName(account)}</strong>
      </span>
      <button class="quiet" type="submit">
        Sign out
      </button>
    </form>
  );
}

/** Something that the page has to say: an error, a warning, or good news. */
export function Notice({ kind, children }: { kind: "error" | "warning" | "success"; children: Child }) {
  return (
    <div class={`notice ${kind}`} role={kind === "error" ? "alert" : "status"}>
      {children}
    </div>
  );
}

export function Time({ at }: { at: number }) {
  const iso = new Date(at).toISOString();
  return <time datetime={iso}>{`${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`}</time>;
}

export function MessagePage({ title, message, account }: { title: string; message: string; account?: Account }) {
  return (
    <Layout title={title} {...(account && { account })}>
      <p class="lead">{message}</p>
      <p>
        <a href="/account">{account === undefined ? "Sign in" : "Go to your account"}</a>
      </p>
    </Layout>
  );
}
