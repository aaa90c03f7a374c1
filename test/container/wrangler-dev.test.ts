// `npm run dev` with real containers, from the HTTP client to Codex in a container and back. It needs Cloudflare's image of the
// proxy beside each container, which not every machine can pull; MINIFLARE_CONTAINER_EGRESS_IMAGE names another tag of it.
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerProbe } from "../../src/cli/dev/docker.ts";
import { API_KEY, DevServer } from "../support/dev-server.ts";
import { type FakeModel, startFakeModel } from "../support/fake-model/fake-model.ts";
import { type Step, script } from "../support/fake-model/script.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const DOCKER = { WRANGLER_DOCKER_BIN: resolve(import.meta.dirname, "docker-without-buildkit") };
/** On the list, and nowhere else (RFC 6761). */
const LISTED = "registry.egress.example";
/** The image may have to be built. */
const START_TIMEOUT_MS = 300_000;
const WAIT_MS = 20_000;

const problem = await dockerProbe(ROOT, { ...process.env, ...DOCKER }).problem();
if (problem !== undefined) console.warn(`Left out: npm run dev with containers. ${problem}.`);

describe.skipIf(problem !== undefined)("npm run dev with containers", () => {
  let model: FakeModel;
  let server: DevServer;
  const before = containers();

  beforeAll(async () => {
    const { MINIFLARE_CONTAINER_EGRESS_IMAGE: sidecar } = process.env;
    model = await startFakeModel();
    server = await DevServer.start({
      timeoutMs: START_TIMEOUT_MS,
      env: {
        OPENAI_BASE_URL: model.url,
        RUNTIME: "docker",
        EGRESS_ALLOWED_HOSTS: LISTED,
        ...DOCKER,
        ...(sidecar === undefined ? {} : { MINIFLARE_CONTAINER_EGRESS_IMAGE: sidecar }),
      },
    });
  }, START_TIMEOUT_MS);

  afterAll(async () => {
    await server?.stop();
    await model?.close();
    expect(containers().filter((name) => !before.includes(name))).toEqual([]);
  });

  it("carries a turn out in a container of the agent's own, as a user without rights", async () => {
    expect(server.output).toContain("Docker containers");
    const { status, evidence } = await implement("a1", { run: "id -un; echo one > one.txt; ls -l /proc/1/environ" });
    expect(status).toBe("completed");
    expect(evidence).toMatchObject({ changed_files: [{ path: "one.txt", action: "create" }] });
    expect(heard()).toContain("agent");
  });

  it("shows the container no credential", async () => {
    const { status } = await implement("a1", { run: "env; cat /proc/*/environ | tr '\\0' '\\n'; cat /proc/*/cmdline" });
    expect(status).toBe("completed");
    expect(heard()).toContain("CODEX_HOME=/var/lib/codex-agent");
    expect(heard()).not.toContain(API_KEY);
  });

  it.each([
    ["a name", "https://example.com/", ["example.com"]],
    ["an address", "http://1.1.1.1/", ["http://1.1.1.1"]],
    ["the metadata service", "http://169.254.169.254/latest/meta-data/", ["http://169.254.169.254"]],
    ["a host on the list without TLS", `http://${LISTED}/`, [`http://${LISTED}`]],
    // Other ports than 80 and 443 do not come to the Worker.
    ["this machine", "http://host.docker.internal:8210/health", []],
    ["another port of the model's host", "http://model.internal:8080/", []],
  ])("gives a command no way out to %s", async (_, url, denied) => {
    const { evidence } = await call("implement", { run: `curl -fsS -m 5 -o /dev/null ${url}` });
    expect(evidence?.commands[0]?.exit_code).toBeGreaterThan(0);
    expect(evidence?.denied_hosts).toEqual(denied);
  });

  it("lets a command of a tool that writes out to a host on the list, whose certificates it trusts", async () => {
    const { evidence } = await call("implement", { run: `curl -sS https://${LISTED}/; curl -sS https://${LISTED}/x` });
    expect(evidence).toMatchObject({ commands: [{ exit_code: 0 }], denied_hosts: [] });
    // It exists nowhere: the Worker has asked for it.
    expect(heard()).toContain(`${LISTED} does not answer.`);
  });

  it("lets no command of a tool that reads out to it", async () => {
    const { evidence } = await call("chat", { run: `curl -fsS https://${LISTED}/` });
    expect(evidence).toMatchObject({ commands: [{ exit_code: 22 }], denied_hosts: [LISTED] });
  });

  it("takes files in, and out what commands have made for themselves alone", async () => {
    await send("write_files", { agent_id: "a3", files: [{ path: "in.txt", content: "from outside" }] });
    await implement("a3", { run: "umask 077; mkdir own; sed s/outside/inside/ in.txt > own/out.txt" });
    const read = await send("read_files", { agent_id: "a3", paths: ["own/out.txt"] });
    expect(read).toMatchObject({ files: [{ status: "ok", content: "from inside" }] });
  });

  it("lets an import out to its own host, also one that is not on the list", async () => {
    const url = "https://not-on-the-list.example.net/x.git";
    const answer = await send("import_repository", { agent_id: "a3", url, directory: "x" });
    // It exists nowhere: the Worker has asked for it. A host that is refused answers with a 403.
    expect(answer).toMatchObject({ error: { message: expect.stringContaining("The remote answered with HTTP 502.") } });
  });

  it("interrupts the turn of a container that is killed, and goes on with the files and the conversation", async () => {
    await implement("a2", { run: "echo kept > kept.txt" });
    const lost = implement("a2", { run: "echo lost > lost.txt; sleep 60" });
    const name = await eventually(() => containers().find((each) => hasFile(each, "/agent/workspace/lost.txt")));
    docker("kill", name);
    expect(await lost).toMatchObject({ status: "interrupted", error: { code: "container_lost" } });
    const { evidence } = await implement("a2", { run: "cat kept.txt && test ! -e lost.txt" });
    expect(evidence?.commands[0]?.exit_code).toBe(0);
  });

  /** What commands have printed. */
  function heard(): string {
    return JSON.stringify(model.requests.map(({ body }) => body));
  }

  function implement(agentId: string, step: Step): Promise<Envelope> {
    return call("implement", step, agentId);
  }

  async function call(tool: "implement" | "chat", step: Step, agentId = "a1"): Promise<Envelope> {
    const text = `Work. ${script(step, { answer: {} })}`;
    const asked = tool === "chat" ? { message: text } : { task: text, target_files: [] };
    const answer = await send(tool, { agent_id: agentId, ...asked, wait_seconds: 120 });
    return answer as Envelope; // what tools.md promises of these tools
  }

  async function send(tool: string, parameters: object): Promise<unknown> {
    const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" };
    const response = await fetch(`${server.url}/tools/${tool}`, {
      method: "POST",
      headers,
      body: JSON.stringify(parameters),
    });
    return response.json();
  }
});

interface Envelope {
  status: string;
  error?: { code: string };
  evidence?: { commands: { exit_code: number | null }[]; changed_files: unknown[]; denied_hosts: string[] };
}

/** Names of those that run. */
function containers(): string[] {
  return problem === undefined ? docker("ps", "--format", "{{.Names}}").split("\n").filter(Boolean) : [];
}

function hasFile(container: string, path: string): boolean {
  try {
    docker("exec", container, "test", "-e", path);
    return true;
  } catch {
    return false;
  }
}

async function eventually<T>(look: () => T | undefined): Promise<T> {
  for (const deadline = Date.now() + WAIT_MS; Date.now() < deadline; await sleep(200)) {
    const found = look();
    if (found !== undefined) return found;
  }
  throw new Error("it did not happen in time");
}

function docker(...args: string[]): string {
  return execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}
