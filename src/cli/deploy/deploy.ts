// `npm run deploy` step by step: what is missing is made where that needs no decision, and named with what to do where it does.
import { randomBytes } from "node:crypto";
import * as z from "zod";
import type { DeployConfig } from "./deploy-config.ts";
import { ContainerLimits, instanceTypeFor } from "./instance-type.ts";
import type { Wrangler } from "./wrangler.ts";

export interface DeployOptions {
  wrangler: Wrangler;
  config: DeployConfig;
  /** Variables of whoever deploys. */
  env: Readonly<Record<string, string | undefined>>;
  isDryRun: boolean;
  print(line: string): void;
  /** Writes the configuration that is deployed, and returns its path. */
  writeConfig(config: DeployConfig): string;
}

/** Each of them lets people sign in. */
const SIGN_IN = [
  ["OWNER_PASSWORD"],
  ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"],
  ["GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"],
] as const;

const NO_SIGN_IN = `Nobody could sign in, so nothing was deployed. Choose one:
  one owner:       npm run hash-password, then npx wrangler secret put OWNER_PASSWORD
  OpenID Connect:  npx wrangler secret put for OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET and ALLOWED_USERS
  GitHub:          npx wrangler secret put for GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET and ALLOWED_USERS`;

const NEXT = `Deployed. Next, with the address that wrangler prints above:
  sign in and connect ChatGPT or an API key:  https://…/account
  check it:                                   SERVER_TOKEN=… npm run doctor -- https://…
  add it to Claude Code:                      claude mcp add --transport http codex https://…/mcp`;

const COUNT_RULE = "a whole number above 0";
const Limits = ContainerLimits.extend({
  MAX_CONCURRENT_SESSIONS: z.coerce.number(COUNT_RULE).int(COUNT_RULE).min(1, COUNT_RULE).default(20),
});
const Secrets = z.array(z.object({ name: z.string() }));

/** Throws, with what to do, where something is missing that only a person can decide. */
export async function deploy(options: DeployOptions): Promise<void> {
  const { wrangler, print, isDryRun } = options;
  const path = options.writeConfig(sized(options));
  if (!isDryRun) await prepare(options);
  const args = ["deploy", "--config", path, ...(isDryRun ? ["--dry-run"] : [])];
  const { code } = await wrangler({ args, isShown: true });
  if (code !== 0) throw new Error("wrangler could not deploy; it says why above. What ran before runs on.");
  if (!isDryRun) print(NEXT);
}

async function prepare({ wrangler, config, print }: DeployOptions): Promise<void> {
  if ((await wrangler({ args: ["whoami"] })).code !== 0) {
    throw new Error("You are not signed in at Cloudflare. Run: npx wrangler login");
  }
  const present = new Set([...(await secretsOf(wrangler)), ...Object.keys(config.vars ?? {})]);
  if (!SIGN_IN.some((names) => names.every((name) => present.has(name)))) throw new Error(NO_SIGN_IN);
  if (!present.has("OWNER_PASSWORD") && !present.has("ALLOWED_USERS")) {
    print("Nobody is let in yet: set ALLOWED_USERS (npx wrangler secret put ALLOWED_USERS).");
  }
  if (!present.has("ENCRYPTION_KEY")) await makeKey(wrangler, print);
  for (const { bucket_name } of config.r2_buckets) {
    if (bucket_name !== undefined) await makeBucket(bucket_name, wrangler, print);
  }
}

/** None where there is no such Worker yet. */
async function secretsOf(wrangler: Wrangler): Promise<string[]> {
  const { code, stdout } = await wrangler({ args: ["secret", "list", "--format", "json"] });
  return code === 0 ? Secrets.parse(JSON.parse(stdout)).map(({ name }) => name) : [];
}

async function makeKey(wrangler: Wrangler, print: DeployOptions["print"]): Promise<void> {
  const stdin = randomBytes(32).toString("base64");
  const { code } = await wrangler({ args: ["secret", "put", "ENCRYPTION_KEY"], stdin });
  if (code !== 0) throw new Error("ENCRYPTION_KEY could not be set. Try: npx wrangler secret put ENCRYPTION_KEY");
  print("Made ENCRYPTION_KEY: credentials are stored encrypted under it. Nobody can read it back from Cloudflare.");
}

async function makeBucket(name: string, wrangler: Wrangler, print: DeployOptions["print"]): Promise<void> {
  if ((await wrangler({ args: ["r2", "bucket", "info", name] })).code === 0) return;
  const { code } = await wrangler({ args: ["r2", "bucket", "create", name], isShown: true });
  if (code !== 0) throw new Error(`The R2 bucket ${name} could not be made. R2 has to be enabled for the account.`);
  print(`Made the R2 bucket ${name} for the agents' workspaces.`);
}

/** With containers of the size, and as many of them, as the variables say. */
function sized({ config, env, print }: DeployOptions): DeployConfig {
  const limits = Limits.safeParse(env);
  if (!limits.success) {
    const lines = limits.error.issues.map(({ path, message }) => `${String(path[0])} must be ${message}.`);
    throw new Error(lines.join("\n"));
  }
  const instance_type = instanceTypeFor(limits.data);
  const max_instances = limits.data.MAX_CONCURRENT_SESSIONS;
  print(`Each agent gets an instance of type ${instance_type}; at most ${max_instances} at once.`);
  return { ...config, containers: config.containers.map((each) => ({ ...each, instance_type, max_instances })) };
}
