// A host of the internet behind the platform's interception, for containers: HTTPS with a certificate of an authority that exists for
// this test only. It is a git server, a registry of npm and one of pip; below /refused it answers as the Worker does to what may not go out.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { refusal } from "../../src/runtime/egress-answers.ts";
import { bridgeAddress, TEST_IMAGE } from "./docker-body.ts";

export const HOST = "registry.egress.example";

export interface HttpsInternet {
  /** Ends without a slash. */
  url: string;
  /** Where its name leads. */
  address: string;
  /** The authority's certificate, PEM. */
  authority: string;
  close(): Promise<void>;
}

const CERTIFICATES = `
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=Authority of the tests" -keyout ca.key -out ca.crt
openssl req -newkey rsa:2048 -nodes -subj "/CN=${HOST}" -keyout host.key -out host.csr
printf 'subjectAltName=DNS:${HOST}\\n' > extensions
openssl x509 -req -days 2 -in host.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile extensions -out host.crt
chmod a+r host.key`;

const REPOSITORY = `
export GIT_CONFIG_GLOBAL=/dev/null
git init -q work && cd work && echo cloned > file.txt && git add file.txt
git -c user.name=t -c user.email=t@t.example commit -qm first
git clone -q --bare . ../site/repository.git && git -C ../site/repository.git update-server-info`;

/** A wheel of a package without any module. */
const WHEEL = `
import zipfile
with zipfile.ZipFile("site/simple/tiny/tiny-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n")
    wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr("tiny-1.0.dist-info/RECORD", "")`;

/** `directory` is empty. What it needs is made with the programs of the image. */
export async function startHttpsInternet(directory: string): Promise<HttpsInternet> {
  const site = join(directory, "site");
  mkdirSync(join(site, "simple/tiny"), { recursive: true });
  writeFileSync(join(directory, "wheel.py"), WHEEL);
  const script = `set -e\n${CERTIFICATES}\npython3 wheel.py\n${REPOSITORY}`;
  const args = ["run", "--rm", "--volume", `${directory}:/work`, "--workdir", "/work", "--entrypoint", "sh"];
  execFileSync("docker", [...args, TEST_IMAGE, "-c", script], { stdio: ["ignore", "ignore", "pipe"] });
  writeFileSync(join(site, "hello"), "hello\n");
  writeFileSync(
    join(site, "simple/tiny/index.html"),
    '<a href="tiny-1.0-py3-none-any.whl">tiny-1.0-py3-none-any.whl</a>',
  );
  const versions = { "1.2.3": { name: "tiny", version: "1.2.3", dist: {} } };
  writeFileSync(join(site, "tiny"), JSON.stringify({ name: "tiny", "dist-tags": { latest: "1.2.3" }, versions }));
  const [key, cert] = ["host.key", "host.crt"].map((name) => readFileSync(join(directory, name)));
  const server = createServer({ key, cert }, (request, response) => void serve(site, request, response));
  const address = bridgeAddress();
  server.listen(0, address);
  await once(server, "listening");
  return {
    url: `https://${HOST}:${(server.address() as AddressInfo).port}`, // a TCP server that listens has one
    address,
    authority: readFileSync(join(directory, "ca.crt"), "utf8"),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function serve(site: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "https://host");
  if (pathname.startsWith("/refused/")) return refuse(response);
  const path = join(site, pathname.endsWith("/") ? `${pathname}index.html` : pathname);
  if (!existsSync(path) || !statSync(path).isFile()) return void response.writeHead(404).end();
  const type = path.endsWith(".html")
    ? "text/html"
    : path.endsWith("tiny")
      ? "application/json"
      : "application/octet-stream";
  response.writeHead(200, { "content-type": type }).end(readFileSync(path));
}

async function refuse(response: ServerResponse): Promise<void> {
  const refused = refusal({ name: HOST }, "it is not on the list");
  response.writeHead(refused.status, refused.statusText, Object.fromEntries(refused.headers)).end(await refused.text());
}
