// The configuration and the image as they go to Cloudflare, all but the last step.
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const TIMEOUT_MS = 300_000;

it("would be deployed: the Worker is bundled and the image built", { timeout: TIMEOUT_MS }, async () => {
  const env = { ...process.env, WRANGLER_DOCKER_BIN: resolve(import.meta.dirname, "docker-without-buildkit") };
  const { stdout } = await promisify(execFile)("npm", ["run", "deploy", "--", "--dry-run"], { cwd: ROOT, env });
  expect(stdout).toContain("instance of type standard-4");
  expect(stdout).toMatch(/Total Upload: .* gzip: /);
  expect(stdout).toContain("--dry-run: exiting now.");
});
