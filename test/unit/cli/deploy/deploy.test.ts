import { resolve } from "node:path";
import { expect, it } from "vitest";
import { deploy } from "../../../../src/cli/deploy/deploy.ts";
import { type DeployConfig, readDeployConfig } from "../../../../src/cli/deploy/deploy-config.ts";
import type { WranglerCall } from "../../../../src/cli/deploy/wrangler.ts";

const CONFIG: DeployConfig = {
  name: "codex",
  r2_buckets: [{ bucket_name: "workspaces" }],
  containers: [{ class_name: "CodexAgent", image: "./container/Dockerfile" }],
};

interface World {
  secrets?: string[];
  buckets?: string[];
  isSignedIn?: boolean;
  env?: Record<string, string>;
  isDryRun?: boolean;
  config?: DeployConfig;
  deployCode?: number;
}

async function run({ secrets, buckets = [], isSignedIn = true, env = {}, deployCode = 0, ...world }: World) {
  const calls: WranglerCall[] = [];
  const lines: string[] = [];
  let written: DeployConfig | undefined;
  const failure = await deploy({
    wrangler: async (call) => {
      calls.push(call);
      const [what, verb, noun, name] = call.args;
      if (what === "whoami") return { code: isSignedIn ? 0 : 1, stdout: "" };
      if (what === "secret" && verb === "list") {
        const stdout = JSON.stringify((secrets ?? []).map((each) => ({ name: each, type: "secret_text" })));
        return { code: secrets === undefined ? 1 : 0, stdout };
      }
      if (what === "r2" && noun === "info") return { code: buckets.includes(name ?? "") ? 0 : 1, stdout: "" };
      return { code: what === "deploy" ? deployCode : 0, stdout: "" };
    },
    config: world.config ?? CONFIG,
    env,
    isDryRun: world.isDryRun ?? false,
    print: (line) => lines.push(line),
    writeConfig: (config) => {
      written = config;
      return "/written.json";
    },
  }).then(
    () => null,
    (error: Error) => error.message,
  );
  const commands = calls.map(({ args }) => args.join(" "));
  return { failure, calls, commands, text: lines.join("\n"), written };
}

it("deploys where everything is there, and says what comes next", async () => {
  const { failure, commands, text } = await run({
    secrets: ["OWNER_PASSWORD", "ENCRYPTION_KEY"],
    buckets: ["workspaces"],
  });
  expect(failure).toBeNull();
  expect(commands).toEqual([
    "whoami",
    "secret list --format json",
    "r2 bucket info workspaces",
    "deploy --config /written.json",
  ]);
  expect(text).toMatch(/npm run doctor[\s\S]*claude mcp add/);
});

it("makes the encryption key and the bucket where there are none, and shows no secret on a command line", async () => {
  const { failure, calls, commands } = await run({ secrets: ["OWNER_PASSWORD"] });
  expect(failure).toBeNull();
  expect(commands).toEqual(expect.arrayContaining(["secret put ENCRYPTION_KEY", "r2 bucket create workspaces"]));
  const put = calls.find(({ args }) => args.includes("ENCRYPTION_KEY"));
  expect(Buffer.from(put?.stdin ?? "", "base64")).toHaveLength(32);
});

it("takes the project's own configuration, and leaves a bucket without a name to wrangler", async () => {
  const config = readDeployConfig(resolve(import.meta.dirname, "../../../../wrangler.jsonc"));
  const { failure, commands } = await run({ config, secrets: ["OWNER_PASSWORD", "ENCRYPTION_KEY"] });
  expect(failure).toBeNull();
  expect(commands.some((command) => command.startsWith("r2 "))).toBe(false);
});

it.each([
  ["a Worker that is not there yet", undefined],
  ["no sign-in method", ["ENCRYPTION_KEY"]],
  ["half of one", ["OIDC_ISSUER", "OIDC_CLIENT_ID"]],
])("deploys nothing with %s, and says what to set", async (_, secrets) => {
  const { failure, commands } = await run(secrets === undefined ? {} : { secrets });
  expect(failure).toMatch(/Nobody could sign in[\s\S]*OWNER_PASSWORD[\s\S]*OIDC_ISSUER[\s\S]*GITHUB_CLIENT_ID/);
  expect(commands.some((command) => /^deploy|put|create/.test(command))).toBe(false);
});

it("takes variables of wrangler.jsonc for set as well", async () => {
  const config = { ...CONFIG, vars: { GITHUB_CLIENT_ID: "id", ALLOWED_USERS: "github:ada" } };
  const { failure, text } = await run({ config, secrets: ["GITHUB_CLIENT_SECRET", "ENCRYPTION_KEY"] });
  expect(failure).toBeNull();
  expect(text).not.toContain("Nobody is let in");
});

it("warns where a provider is set and nobody is let in", async () => {
  const { text } = await run({ secrets: ["GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"] });
  expect(text).toContain("set ALLOWED_USERS");
});

it("asks for the sign-in at Cloudflare first", async () => {
  const { failure, commands } = await run({ isSignedIn: false });
  expect([failure, commands]).toEqual([expect.stringContaining("npx wrangler login"), ["whoami"]]);
});

it("chooses the size and the number of containers", async () => {
  const env = { CONTAINER_CPU_LIMIT: "1", CONTAINER_MEMORY_LIMIT: "6g", MAX_CONCURRENT_SESSIONS: "7" };
  const { written } = await run({ env, isDryRun: true });
  expect(written?.containers).toEqual([
    { class_name: "CodexAgent", image: "./container/Dockerfile", instance_type: "standard-2", max_instances: 7 },
  ]);
});

it.each([
  ["CONTAINER_CPU_LIMIT", "64"],
  ["CONTAINER_MEMORY_LIMIT", "lots"],
  ["MAX_CONCURRENT_SESSIONS", "none"],
])("refuses %s=%s before anything else", async (name, value) => {
  const { failure, commands } = await run({ env: { [name]: value } });
  expect([failure, commands]).toEqual([expect.stringContaining(`${name} must be`), []]);
});

it("asks nobody for a dry run", async () => {
  expect(await run({ isDryRun: true })).toMatchObject({
    failure: null,
    commands: ["deploy --config /written.json --dry-run"],
  });
});

it("says so where wrangler fails", async () => {
  const { failure } = await run({ secrets: ["OWNER_PASSWORD", "ENCRYPTION_KEY"], deployCode: 1 });
  expect(failure).toContain("wrangler could not deploy");
});
