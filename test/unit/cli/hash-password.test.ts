import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { isOwnerPassword } from "../../../src/signin/owner-password.ts";

const PROGRAM = join(import.meta.dirname, "../../../src/cli/hash-password/main.ts");

async function run(input: string) {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(input);
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { out, error, code: child.exitCode };
}

it("npm run hash-password prints what fits OWNER_PASSWORD, and never the password", async () => {
  const { out, error, code } = await run("correct horse battery\n");
  expect([code, error]).toEqual([0, ""]);
  expect(out).not.toContain("horse");
  expect(await isOwnerPassword("correct horse battery", out.trim())).toBe(true);
});

it.each(["", "\n", "elevenchars\n"])("npm run hash-password refuses %j, which is too short", async (input) => {
  const { out, error, code } = await run(input);
  expect([code, out, error]).toEqual([1, "", "The password must have at least 12 characters.\n"]);
});
