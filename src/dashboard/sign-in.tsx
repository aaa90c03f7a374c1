// Signing in, by each of the ways that are set up, and signing out.
import { type Context, Hono } from "hono";
import * as z from "zod";
import { AppError } from "../errors.ts";
import { signingKey } from "../fleet/fleet-of.ts";
import { type Account, displayName } from "../lib/account.ts";
import { isAllowed } from "../signin/allowed-users.ts";
import { closeSession, currentSession, openSession } from "../signin/browser-session.ts";
import { finishGithub, GITHUB_CALLBACK, startGithub } from "../signin/github.ts";
import { signInMethods } from "../signin/methods.ts";
import { finishOidc, OIDC_CALLBACK, type StartedFlow, startOidc } from "../signin/oidc.ts";
import { isOwnerPassword, ownerAccount } from "../signin/owner-password.ts";
import { safeReturnPath } from "../signin/return-path.ts";
import { admitAttempt, forgiveAttempts, TooManyAttempts } from "../signin/throttle.ts";
import { recallFlow, rememberFlow, type UpstreamFlow } from "../signin/upstream-flow.ts";
import { type DashboardEnv, render } from "./context.ts";
import { MessagePage } from "./layout.tsx";
import { contentSecurityPolicy } from "./security-headers.ts";
import { SignInPage } from "./sign-in-page.tsx";

const PasswordForm = z.object({ password: z.string(), return_to: z.string().optional() });

export const signIn = new Hono<DashboardEnv>();

signIn.get("/sign-in", async (c) => {
  const returnPath = safeReturnPath(c.req.query("return_to"));
  if ((await currentSession(c)) !== null) return c.redirect(returnPath, 303);
  return showSignIn(c, returnPath);
});

signIn.post("/sign-in/password", async (c) => {
  const { OWNER_PASSWORD } = c.get("config");
  const form = PasswordForm.safeParse(await c.req.parseBody());
  if (OWNER_PASSWORD === undefined || !form.success) throw new AppError("invalid_input", "Use the sign-in page.");
  const returnPath = safeReturnPath(form.data.return_to);
  try {
    await admitAttempt(c.env.FLEET, "password", c.req.raw);
  } catch (error) {
    if (!(error instanceof TooManyAttempts)) throw error;
    c.get("log").warn("sign-in attempts throttled", { method: "password" });
    c.header("retry-after", String(error.retryAfterSeconds));
    return showSignIn(c, returnPath, { problem: error.message, status: 429 });
  }
  if (!(await isOwnerPassword(form.data.password, OWNER_PASSWORD))) {
    c.get("log").warn("sign-in refused", { method: "password" });
    return showSignIn(c, returnPath, { problem: "That is not the password.", status: 401 });
  }
  await forgiveAttempts(c.env.FLEET, "password", c.req.raw);
  return enter(c, await ownerAccount(await signingKey(c.env.FLEET), OWNER_PASSWORD), returnPath);
});

signIn.get("/sign-in/oidc", async (c) => leaveFor(c, "oidc", await startOidc(c.get("config"), c.get("origin"))));
signIn.get("/sign-in/github", async (c) => leaveFor(c, "github", await startGithub(c.get("config"), c.get("origin"))));

signIn.get(OIDC_CALLBACK, async (c) => {
  const flow = await recallFlow(c, "oidc");
  return enter(c, await finishOidc(c.get("config"), callbackUrl(c), flow), flow.return_path);
});

signIn.get(GITHUB_CALLBACK, async (c) => {
  const flow = await recallFlow(c, "github");
  return enter(c, await finishGithub(c.get("config"), callbackUrl(c), flow), flow.return_path);
});

signIn.post("/sign-out", async (c) => {
  const session = await currentSession(c);
  const { everywhere } = await c.req.parseBody();
  if (session !== null) await closeSession(c, session, everywhere === "yes");
  return c.redirect("/sign-in", 303);
});

interface Shown {
  problem: string;
  status: 401 | 429;
}

function showSignIn(c: Context<DashboardEnv>, returnPath: string, shown?: Shown) {
  const { OIDC_ISSUER, GITHUB_URL } = c.get("config");
  const hosts = { oidc: URL.parse(OIDC_ISSUER ?? "")?.host ?? "", github: new URL(GITHUB_URL).host };
  const methods = signInMethods(c.get("config"));
  const problem = shown && { problem: shown.problem };
  // What is wrong with a client's request is found out after the sign-in, and told to the client by a redirect.
  const redirect = new URL(returnPath, c.get("origin")).searchParams.get("redirect_uri");
  c.header("content-security-policy", contentSecurityPolicy(redirect ?? undefined));
  return render(c, <SignInPage methods={methods} returnPath={returnPath} hosts={hosts} {...problem} />, shown?.status);
}

async function leaveFor(c: Context<DashboardEnv>, method: UpstreamFlow["method"], started: StartedFlow) {
  const { location, ...secrets } = started;
  await rememberFlow(c, { method, ...secrets, return_path: safeReturnPath(c.req.query("return_to")) });
  return c.redirect(location.href, 303);
}

/** As the browser was sent there: the provider compares it with what it was told. */
function callbackUrl(c: Context<DashboardEnv>): URL {
  const { pathname, search } = new URL(c.req.url);
  return new URL(`${pathname}${search}`, c.get("origin"));
}

async function enter(c: Context<DashboardEnv>, account: Account, returnPath: string) {
  const { method } = account;
  if (!isAllowed(account, c.get("config"))) {
    c.get("log").warn("sign-in refused", { method, reason: "not on the list" });
    return render(c, <MessagePage title="Not on the list" message={notListed(account)} />, 403);
  }
  await openSession(c, account);
  c.get("log").info("signed in", { method });
  return c.redirect(returnPath, 303);
}

function notListed(account: Account): string {
  const entry =
    account.method === "github"
      ? `github:${account.login}`
      : account.method === "oidc"
        ? (account.email ?? `oidc:${account.subject}`)
        : "";
  return (
    `You are ${displayName(account)}, and this server's operator has not let you in. ` +
    `To do so they add ${entry} to ALLOWED_USERS.`
  );
}
