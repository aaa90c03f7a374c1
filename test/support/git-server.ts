// Repositories over https on this machine, by git's own server program, as a hosting service gives them out.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { makeScratchDir } from "./app-server-driver.ts";

export interface GitServer {
  /** `https://host:port`. */
  url: string;
  /** `host:port`. */
  host: string;
  /** PEM of who vouches for it. */
  ca: string;
  /** Method, path and authorization of every request. */
  readonly requests: { path: string; authorization: string | undefined }[];
  /**
   * A repository that `script` makes in an empty work tree, as bash does; it has a first commit of all that is left there.
   * With `token`, nobody else gets it. Returns its url.
   */
  add(name: string, script: string, options?: { token?: string }): string;
  /** What is below `from` leads to `to`. */
  redirect(from: string, to: string): void;
  /** Of every answer, only that many bytes come. */
  stallAfter(bytes: number | undefined): void;
  close(): Promise<void>;
}

const IDENTITY = ["-c", "user.name=Tester", "-c", "user.email=tester@example.com"];

export async function startGitServer(address = "127.0.0.1"): Promise<GitServer> {
  const directory = makeScratchDir("git-server-");
  const { key, cert } = makeCertificate(directory, address);
  const tokens = new Map<string, string>();
  const redirects = new Map<string, string>();
  const requests: GitServer["requests"] = [];
  let stall: number | undefined;
  const server = createServer({ key, cert }, (request, response) => {
    const { pathname, search } = new URL(request.url ?? "/", "https://server");
    requests.push({ path: pathname, authorization: request.headers.authorization });
    const name = pathname.split("/")[1] ?? "";
    const to = redirects.get(name);
    const token = tokens.get(name);
    if (to !== undefined)
      response.writeHead(302, { location: `${to}${pathname.slice(name.length + 1)}${search}` }).end();
    else if (token !== undefined && request.headers.authorization !== basic(token)) response.writeHead(401).end();
    else serve(join(directory, "repositories"), request, response, stall).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const host = `${address}:${(server.address() as AddressInfo).port}`; // a TCP server's address is never a string
  return {
    url: `https://${host}`,
    host,
    ca: cert,
    requests,
    add: (name, script, { token } = {}) => {
      makeRepository(directory, name, script);
      if (token !== undefined) tokens.set(name, token);
      return `https://${host}/${name}`;
    },
    redirect: (from, to) => void redirects.set(from, to),
    stallAfter: (bytes) => {
      stall = bytes;
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      rmSync(directory, { recursive: true });
    },
  };
}

function basic(token: string): string {
  return `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
}

function makeCertificate(directory: string, address: string): { key: string; cert: string } {
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const subject = ["-subj", "/CN=git", "-addext", `subjectAltName=IP:${address}`, "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...curve, ...subject, "-keyout", key, "-out", cert], { stdio: "pipe" });
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}

function makeRepository(directory: string, name: string, script: string): void {
  const work = join(directory, "work", name);
  const bare = join(directory, "repositories", name);
  mkdirSync(work, { recursive: true });
  const env = { PATH: process.env.PATH, HOME: directory, GIT_CONFIG_NOSYSTEM: "1" };
  const git = (...args: string[]) => execFileSync("git", [...IDENTITY, ...args], { cwd: work, env, stdio: "pipe" });
  git("init", "--quiet", "--initial-branch=main");
  execFileSync("bash", ["-ec", script], { cwd: work, env: { ...env, ...identity() }, stdio: "pipe" });
  git("add", "--all");
  git("commit", "--quiet", "--allow-empty", "--message=Begin");
  git("clone", "--quiet", "--mirror", work, bare);
  execFileSync("git", ["config", "uploadpack.allowAnySHA1InWant", "true"], { cwd: bare, env });
}

function identity(): Record<string, string> {
  const entries = ["AUTHOR", "COMMITTER"].flatMap((who) => [
    [`GIT_${who}_NAME`, "Tester"],
    [`GIT_${who}_EMAIL`, "tester@example.com"],
  ]);
  return Object.fromEntries(entries);
}

/** https://git-scm.com/docs/git-http-backend */
async function serve(
  root: string,
  request: IncomingMessage,
  response: ServerResponse,
  stall: number | undefined,
): Promise<void> {
  const { pathname, search } = new URL(request.url ?? "/", "https://server");
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_NOSYSTEM: "1",
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: String(request.headers["content-encoding"] ?? ""),
      HTTP_GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  response.on("close", () => child.kill());
  child.stdin.on("error", () => {});
  request.pipe(child.stdin);
  await pipeline(child.stdout, (output) => afterHeaders(output, response, stall), response);
}

async function* afterHeaders(
  output: AsyncIterable<Buffer>,
  response: ServerResponse,
  stall: number | undefined,
): AsyncGenerator<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  let isBody = false;
  let sent = 0;
  for await (const chunk of output) {
    head = isBody ? chunk : Buffer.concat([head, chunk]);
    const end = isBody ? 0 : head.indexOf("\r\n\r\n");
    if (end === -1) continue;
    if (!isBody) for (const line of head.toString("latin1", 0, end).split("\r\n")) setHeader(response, line);
    const body = isBody ? head : head.subarray(end + 4);
    isBody = true;
    sent += body.length;
    if (stall !== undefined && sent > stall) await new Promise((resolve) => response.once("close", resolve));
    yield body;
  }
}

function setHeader(response: ServerResponse, line: string): void {
  const colon = line.indexOf(":");
  const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
  if (name.toLowerCase() === "status") response.statusCode = Number.parseInt(value, 10);
  else response.setHeader(name, value);
}
