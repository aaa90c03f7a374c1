// HTTPS out of a container whose traffic the platform reads: the certificates are of an authority that is known in the container only, and
// comes there when the runner is up already.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeScratchDir } from "../support/app-server-driver.ts";
import { HOST, type HttpsInternet, startHttpsInternet } from "../support/https-internet.ts";
import { bodiesOf } from "../support/turn-record.ts";
import { useLab } from "../unit/container/runner/lab.ts";

const lab = useLab();
const directory = makeScratchDir("internet-");
let internet: HttpsInternet;

beforeAll(async () => {
  internet = await startHttpsInternet(directory);
  inContainer("sh", "-c", `echo '${internet.address} ${HOST}' >> /etc/hosts`);
});

afterAll(async () => {
  await internet?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** As root, as the platform does it. */
function inContainer(...command: string[]): void {
  docker("exec", containerId(), ...command);
}

function containerId(): string {
  return docker("ps", "--quiet", "--filter", `volume=${lab.runner.dataDir}`);
}

function docker(...args: string[]): string {
  return execFileSync("docker", args, { encoding: "utf8" }).trim();
}

async function run(
  command: string,
  access: "read" | "write" = "write",
): Promise<{ code: number | null; output: string }> {
  const turn = await lab.run([{ run: command, yieldMs: 30_000 }, { say: "done" }], { access });
  expect(turn.settled).toMatchObject({ status: "completed", answer: "done" });
  const [finished] = bodiesOf(turn, "command_finished");
  return { code: finished?.exit_code ?? null, output: finished?.output_tail ?? "" };
}

describe("before the platform has put its authority there", () => {
  it("commands trust whom the system trusts, without a warning", async () => {
    const count = `python3 -c "import ssl; print(len(ssl.create_default_context().get_ca_certs()) > 100)"`;
    expect(await run(`${count}; node -e 'console.log("node")' 2>&1`)).toEqual({ code: 0, output: "True\nnode\n" });
  });

  it("nobody else is trusted", async () => {
    const { code, output } = await run(`curl -fsS ${internet.url}/hello 2>&1`);
    expect([code, output]).toEqual([60, expect.stringContaining("certificate")]);
  });
});

describe("with the authority of the platform", () => {
  beforeAll(() => {
    mkdirSync(join(directory, "cloudflare/certs"), { recursive: true });
    writeFileSync(join(directory, "cloudflare/certs/cloudflare-containers-ca.crt"), internet.authority);
    docker("cp", join(directory, "cloudflare"), `${containerId()}:/etc/cloudflare`);
  });

  it.each([
    ["curl", "curl -fsS $URL/hello", "hello\n"],
    ["git", "rm -rf r; git clone -q $URL/repository.git r && cat r/file.txt", "cloned\n"],
    [
      "Python",
      `python3 -c "import os, urllib.request as u; print(u.urlopen(os.environ['URL'] + '/hello').read().decode(), end='')"`,
      "hello\n",
    ],
    [
      "Node",
      `node -e 'fetch(process.env.URL + "/hello").then((r) => r.text()).then((t) => process.stdout.write(t))'`,
      "hello\n",
    ],
    ["npm", "npm view tiny version --registry $URL/ --cache /tmp/npm-$$ --no-update-notifier", "1.2.3\n"],
    [
      "pip",
      "PYTHONPATH=$(ls /usr/share/python-wheels/pip-*.whl) python3 -m pip download -q --no-cache-dir --disable-pip-version-check --no-deps -d /tmp/d-$$ --index-url $URL/simple/ tiny && ls /tmp/d-$$",
      "tiny-1.0-py3-none-any.whl\n",
    ],
    [
      "openssl",
      "openssl s_client -verify_return_error -connect $(echo $URL | cut -c 9-) < /dev/null 2>&1 | grep 'Verify return code'",
      "Verify return code: 0 (ok)\n",
    ],
  ])("%s reaches an intercepted host", async (_, command, expected) => {
    expect(await run(`export URL=${internet.url}; ${command}`)).toEqual({
      code: 0,
      output: expect.stringContaining(expected),
    });
  });

  it("a command that may only read trusts it as well, and can change nothing of that", async () => {
    const { code, output } = await run(
      `curl -fsS ${internet.url}/hello; echo x 2>&1 >> $SSL_CERT_FILE || rm -f $NODE_EXTRA_CA_CERTS 2>&1 || curl -fsS ${internet.url}/hello`,
      "read",
    );
    expect([code, output]).toEqual([0, expect.stringMatching(/^hello\n[\s\S]*denied[\s\S]*\nhello\n$/)]);
  });

  it("cargo is told of the same file", async () => {
    expect((await run(`cmp $CARGO_HTTP_CAINFO $SSL_CERT_FILE && grep -c BEGIN $CARGO_HTTP_CAINFO`)).code).toBe(0);
  });

  describe("what is refused is explained by", () => {
    it.each([
      ["curl", "curl -sS $URL/refused/x", "it is not on the list. Its setting EGRESS_ALLOWED_HOSTS"],
      ["git", "git clone $URL/refused/other.git", "remote: This server lets no request out to"],
      [
        "Python",
        `python3 -c "import os, urllib.request as u; u.urlopen(os.environ['URL'] + '/refused/x')"`,
        "HTTP Error 403: Forbidden by EGRESS_ALLOWED_HOSTS",
      ],
      [
        "npm",
        "npm view tiny --registry $URL/refused/ --cache /tmp/npm-$$ --no-update-notifier",
        "403 Forbidden by EGRESS_ALLOWED_HOSTS",
      ],
    ])("%s", async (_, command, expected) => {
      expect((await run(`export URL=${internet.url}; ${command} 2>&1`)).output).toContain(expected);
    });
  });
});
