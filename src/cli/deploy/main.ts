// `npm run deploy`: checks what a deployment needs, makes what it can, and deploys.
import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readVariables } from "../variables.ts";
import { deploy } from "./deploy.ts";
import { readDeployConfig } from "./deploy-config.ts";
import { wranglerIn } from "./wrangler.ts";

const USAGE = `npm run deploy [-- --dry-run]

CONTAINER_CPU_LIMIT, CONTAINER_MEMORY_LIMIT and MAX_CONCURRENT_SESSIONS choose the size and the number of the containers.`;

const ROOT = resolve(import.meta.dirname, "../../..");
/** Beside wrangler.jsonc, since the paths in it start from there. */
const WRITTEN = join(ROOT, "wrangler.deploy.json");

async function main(): Promise<void> {
  const [flag, ...more] = process.argv.slice(2);
  if (more.length > 0 || (flag !== undefined && flag !== "--dry-run")) throw new Error(USAGE);
  const config = readDeployConfig(join(ROOT, "wrangler.jsonc"));
  try {
    await deploy({
      wrangler: wranglerIn(ROOT),
      config,
      env: readVariables(process.cwd(), process.env),
      isDryRun: flag !== undefined,
      print: (line) => process.stdout.write(`${line}\n`),
      writeConfig: (sized) => {
        writeFileSync(WRITTEN, JSON.stringify(sized, null, 2));
        return WRITTEN;
      },
    });
  } finally {
    rmSync(WRITTEN, { force: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
