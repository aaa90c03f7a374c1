// Asks a remote for its repository before git does, with the same request: so that no redirect leads git, and the token, to
// another host, and so that a refusal can be told from a failure.
import type { IncomingMessage } from "node:http";
import { type RequestOptions, request } from "node:https";
import { HttpFailure } from "../../lib/http.ts";
import type { Remote } from "./remote-address.ts";

export interface ProbeOptions {
  /** Value of the header. */
  authorization: string | undefined;
  /** PEM, in place of those that everybody trusts. */
  ca: string | undefined;
}

const SERVICE = "/info/refs?service=git-upload-pack";
const MAX_REDIRECTS = 3;
const TIMEOUT_MS = 30_000;

/** Resolves to where the repository is, on the same host. Throws `auth_failed`, `unreachable`, `import_failed`, `url_refused`. */
export async function probeRemote(remote: Remote, options: ProbeOptions): Promise<URL> {
  let { url } = remote;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const base = url.href.replace(/\/+$/, "");
    const { status, location } = await ask(new URL(`${base}${SERVICE}`), remote, options);
    if (status === 200) return new URL(base);
    if (status === 401 || status === 403 || status === 404) throw notAllowed(options.authorization !== undefined);
    const next =
      status >= 300 && status < 400 && location !== undefined ? URL.parse(location, `${base}${SERVICE}`) : null;
    if (next === null) throw failed(`The remote answered with HTTP ${status}.`);
    if (next.origin !== url.origin) throw elsewhere();
    const pathname = next.pathname.endsWith("/info/refs") ? next.pathname.slice(0, -"/info/refs".length) : "";
    if (pathname === "") throw failed("The remote leads to what is no repository.");
    url = new URL(pathname, url);
  }
  throw failed("The remote leads in circles.");
}

interface Answer {
  status: number;
  location: string | undefined;
}

function ask(url: URL, remote: Remote, { authorization, ca }: ProbeOptions): Promise<Answer> {
  const options: RequestOptions = {
    method: "GET",
    timeout: TIMEOUT_MS,
    // Some hosts answer programs that are not git with a page.
    headers: { "user-agent": "git/2.39", accept: "*/*", ...(authorization === undefined ? {} : { authorization }) },
    ...(ca === undefined ? {} : { ca }),
    ...(remote.addresses.length === 0 ? {} : { lookup: lookupIn(remote.addresses) }),
  };
  return new Promise((resolve, reject) => {
    const call = request(url, options, (response: IncomingMessage) => {
      resolve({ status: response.statusCode ?? 0, location: response.headers.location });
      response.destroy();
    });
    call.on("timeout", () => call.destroy());
    call.on("error", (error) => reject(unreachable(error)));
    call.end();
  });
}

function lookupIn(addresses: readonly string[]): NonNullable<RequestOptions["lookup"]> {
  const found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  return (_host, { all }, done) => {
    if (all) done(null, found);
    else done(null, found[0]?.address ?? "", found[0]?.family);
  };
}

function unreachable(cause: Error): HttpFailure {
  const code = "code" in cause ? String(cause.code) : "no answer";
  const message = `The remote cannot be reached from the agent's machine (${code}). Nothing was imported.`;
  return new HttpFailure(502, { code: "unreachable", message });
}

function notAllowed(hasToken: boolean): HttpFailure {
  const hint = hasToken ? "the token is not good for it" : "it needs a token";
  const message = `The remote does not give out this repository: there is none of that name, or ${hint}.`;
  return new HttpFailure(403, { code: "auth_failed", message });
}

function elsewhere(): HttpFailure {
  const message = "The remote leads to another host, which is not followed. Import from there by its own url.";
  return new HttpFailure(422, { code: "url_refused", message });
}

function failed(why: string): HttpFailure {
  return new HttpFailure(502, { code: "import_failed", message: `${why} Nothing was imported.` });
}
