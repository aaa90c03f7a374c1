// The workspace as one archive over HTTP, at the Worker's real port.
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { type Agent, eventually, settled, start, turn } from "./support/agents.ts";
import { Browser, TEAM } from "./support/browser.ts";
import { checkpoints, loseContainer } from "./support/checkpoints.ts";
import { lab } from "./support/lab.ts";
import { send } from "./support/oauth-client.ts";

const it = test.concurrent;

interface Failed {
  status: string;
  error: { code: string; message: string };
}

const TYPES = { "tar.zst": "application/zstd", zip: "application/zip" } as const;
const PACK = { "tar.zst": "tar --zstd -cf - .", zip: "(zip -qry $d.zip . && cat $d.zip && rm $d.zip)" } as const;

describe.each(["tar.zst", "zip"] as const)("%s", (format) => {
  it("comes down with its type and name, and makes another agent the same", async () => {
    const one = newAgent();
    const begun = await put(
      one,
      "zip",
      await packed(one, "zip", "mkdir -p a/b; echo one > a/b/ü.txt; ln -s a/b l; echo x > x; chmod +x x"),
    );
    expect(begun.status).toBe(200);
    const answer = await get(one, format);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": TYPES[format],
      "content-disposition": `attachment; filename="${one.name}.${format}"`,
      "cache-control": "no-store",
    });
    const other = newAgent();
    const sent = await put(other, format, await answer.bytes(), "?mode=replace");
    expect([sent.status, sent.body]).toMatchObject([
      200,
      { agent_id: other.name, mode: "replace", files: 3, checkpoint_id: expect.stringMatching(/^ckpt_/), notes: [] },
    ]);
    const look = "cat a/b/ü.txt; readlink l; test -x x && echo x";
    expect(await lab.shell(other.agent, look)).toBe("one\na/b\nx\n");
    await loseContainer(other.agent);
    expect((await get(other, format)).status).toBe(200);
    expect(await lab.shell(other.agent, look)).toBe("one\na/b\nx\n");
  });

  it("is added to what is there, or takes its place, which a rollback undoes", async () => {
    const target = newAgent();
    const [first, second] = [
      await packed(target, format, "echo 1 > both; echo 1 > one"),
      await packed(target, format, "echo 2 > both; echo 2 > two"),
    ];
    await put(target, format, first);
    expect((await put(target, format, second)).body).toMatchObject({ mode: "merge" });
    expect(await lab.shell(target.agent, "cat *")).toBe("2\n1\n2\n");
    await lab.shell(target.agent, "echo by hand > three");
    await put(target, format, second, "?mode=replace");
    expect(await lab.shell(target.agent, "ls")).toBe("both\ntwo\n");
    const [now, before] = await checkpoints(target.agent);
    expect([now?.reason, before?.reason]).toEqual(["upload", "before_change"]);
    expect(await target.agent.rollBack(before?.id ?? "")).toMatchObject({ ok: true });
    expect(await lab.shell(target.agent, "ls")).toBe("both\none\nthree\ntwo\n");
  });

  it("that is none, or breaks off, changes nothing", async () => {
    const target = newAgent();
    const whole = await packed(target, format, "echo 1 > one; head -c 200000 /dev/urandom > random");
    await put(target, format, whole);
    for (const bytes of [new TextEncoder().encode("no archive"), whole.slice(0, 100_000)]) {
      const refused = await put(target, format, bytes, "?mode=replace");
      expect([refused.status, refused.body]).toMatchObject([
        400,
        { status: "failed", error: { code: "invalid_input" } },
      ]);
    }
    expect(await lab.shell(target.agent, "ls")).toBe("one\nrandom\n");
  });
});

it.each<[string, string]>([
  ["goes up", "echo evil > ../evil-$$; tar --zstd -Pcf - ../evil-$$; rm ../evil-$$"],
  ["has an absolute name", "tar --zstd -Pcf - /etc/hostname"],
  [
    "writes through a link",
    "ln -s /tmp l; tar -cf ../t-$$ l; rm l; mkdir l; echo e > l/e; tar -rf ../t-$$ l/e; zstd -qc ../t-$$; rm ../t-$$",
  ],
  ["has a device", "mknod null c 1 3 && tar --zstd -cf - null"],
  ["has a pipe", "mkfifo pipe && tar --zstd -cf - pipe"],
  [
    "has a repository that runs programs",
    "git init -q; git config core.fsmonitor 'touch /tmp/owned'; tar --zstd -cf - .",
  ],
  ["says that it is larger than a disk", "truncate -s 5G bomb; tar -cf - bomb | head -c 100000 | zstd -qc"],
])("an archive that %s is refused, or put down harmless", async (_, script) => {
  const target = newAgent();
  await put(target, "zip", await packed(target, "zip", "echo mine > mine"));
  const archive = await lab.shell(target.agent, `d=$(mktemp -d); cd $d; (${script}) | base64 -w0; cd /; rm -rf $d`);
  const { status, body } = await put(
    target,
    "tar.zst",
    Uint8Array.from(atob(archive), (char) => char.charCodeAt(0)),
  );
  if (status !== 200) expect(["invalid_input", "payload_too_large"]).toContain((body as unknown as Failed).error.code);
  expect(
    await lab.shell(
      target.agent,
      "cat mine; find . -type p -o -type c; test -e ../evil-* || echo none; ls /tmp/owned 2>&1 | grep -c cannot",
    ),
  ).toBe("mine\nnone\n1\n");
});

describe("is refused in words before the first byte", () => {
  it.each<[string, RequestInit & { path?: string }, number, string]>([
    ["a method that there is not", { method: "POST" }, 405, "method_not_allowed"],
    ["a name that is none", { path: "/agents/..%2Fx/workspace.zip" }, 400, "invalid_input"],
    ["an agent that does not exist", {}, 404, "not_found"],
    ["a client that takes something else", { headers: { accept: "text/html" } }, 406, "not_acceptable"],
    [
      "a body of another type",
      { method: "PUT", body: "x", headers: { "content-type": "text/plain" } },
      415,
      "unsupported_media_type",
    ],
    [
      "a body of the other format",
      { method: "PUT", body: "x", headers: { "content-type": "application/zstd" } },
      415,
      "unsupported_media_type",
    ],
    [
      "a body that is packed once more",
      { method: "PUT", body: "x", headers: { "content-type": "application/zip", "content-encoding": "gzip" } },
      415,
      "unsupported_media_type",
    ],
    [
      "another mode",
      { method: "PUT", body: "x", headers: { "content-type": "application/zip" }, path: "?mode=erase" },
      400,
      "invalid_input",
    ],
    ["no body", { method: "PUT" }, 400, "invalid_input"],
  ])("%s", async (_, { path = "", ...init }, status, code) => {
    const target = newAgent();
    const url = path.startsWith("/") ? path : `/agents/${target.name}/workspace.zip${path}`;
    const answer = await fetch(`${env.WORKER_URL}${url}`, { ...init, headers: { ...AUTHORIZATION, ...init.headers } });
    expect([answer.status, await answer.json()]).toMatchObject([
      status,
      { status: "failed", error: { code, message: /\.$/ } },
    ]);
    expect(await lab.processes(target.agent)).toEqual([]);
  });
});

it("needs a token with the right scope, and takes no cookie for one", async () => {
  const browser = new Browser(TEAM);
  await browser.signInAsSomebody();
  const TOKEN = /pcx_pat_oidc-[0-9a-f]{32}_[0-9a-f]{16}_[\w-]{65}/;
  const path = `/agents/${crypto.randomUUID()}/workspace.zip`;
  const asking = async (scope: string, method: string) => {
    const page = await browser.post("/account/tokens", { name: "one scope", days: "7", scope });
    const headers = { authorization: `Bearer ${TOKEN.exec(await page.text())?.[0]}` };
    const { status, headers: answered } = await send(path, { method, headers, settings: TEAM });
    return [status, answered.get("www-authenticate")];
  };
  expect(await asking("codex:read", "GET")).toEqual([404, null]);
  expect(await asking("codex:run", "GET")).toEqual([403, expect.stringContaining('scope="codex:read"')]);
  expect(await asking("codex:read", "PUT")).toEqual([403, expect.stringContaining('scope="codex:run"')]);
  expect((await send(path, { method: "PUT", settings: TEAM })).status).toBe(401);
  expect((await browser.get(path)).status).toBe(401);
});

it("a turn that comes while it goes down waits for its end, and a client that leaves ends it", async () => {
  const target = newAgent();
  await put(target, "zip", await packed(target, "zip", "echo small > small"));
  await lab.shell(target.agent, "head -c 30000000 /dev/urandom > random");
  const leaving = new AbortController();
  const answer = await get(target, "tar.zst", { signal: leaving.signal });
  const reader = answer.body?.getReader();
  await reader?.read();
  const { turn_id } = await start(target.agent, turn([{ say: "Hi." }]));
  expect(await target.agent.getTurn(turn_id)).toMatchObject({ value: { status: "queued" } });
  leaving.abort();
  await reader?.cancel().catch(() => {});
  expect(await settled(target.agent, turn_id)).toMatchObject({ status: "completed" });
  await eventually(async () => !(await lab.processes(target.agent)).some((line) => /\btar\b|zstd/.test(line)));
});

it("is refused beside a turn, with what to do", async () => {
  const target = newAgent();
  const archive = await packed(target, "zip", "echo 1 > one");
  await put(target, "zip", archive);
  const { turn_id } = await start(target.agent, turn([{ stallMs: 3_000 }]));
  const refused = await put(target, "zip", archive);
  expect([refused.status, refused.body]).toMatchObject([409, { error: { message: /cancel_turn/ } }]);
  expect((await get(target, "zip")).status).toBe(409);
  await settled(target.agent, turn_id);
});

const AUTHORIZATION = { authorization: `Bearer ${env.DEV_TOKEN}` };

interface Target {
  name: string;
  agent: Agent;
}

/** One of the owner, whom the token is for. */
function newAgent(): Target {
  const name = `files-${crypto.randomUUID()}`;
  return { name, agent: env.CODEX_AGENT.getByName(`owner/${name}`) };
}

function get({ name }: Target, format: keyof typeof TYPES, init: RequestInit = {}): Promise<Response> {
  return fetch(`${env.WORKER_URL}/agents/${name}/workspace.${format}`, { ...init, headers: AUTHORIZATION });
}

async function put({ name }: Target, format: keyof typeof TYPES, body: Uint8Array, query = "") {
  const headers = { ...AUTHORIZATION, "content-type": TYPES[format] };
  const url = `${env.WORKER_URL}/agents/${name}/workspace.${format}${query}`;
  const answer = await fetch(url, { method: "PUT", headers, body });
  return { status: answer.status, body: await answer.json<Record<string, unknown>>() };
}

/** An archive of what the script makes in an empty directory, by the programs that people have. */
async function packed({ agent }: Target, format: keyof typeof TYPES, script: string): Promise<Uint8Array> {
  const whole = `export LC_ALL=C.UTF-8; d=$(mktemp -d); cd $d; ${script}; ${PACK[format]} | base64 -w0; cd /; rm -rf $d`;
  return Uint8Array.from(atob(await lab.shell(agent, whole)), (char) => char.charCodeAt(0));
}
