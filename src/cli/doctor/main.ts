// `npm run doctor -- <url>`: looks whether a deployment works, from outside, as its users do.
import * as z from "zod";
import { readVariables } from "../variables.ts";
import { CHECKS, type Check, type Finding, tidyUp } from "./checks.ts";
import { Deployment } from "./deployment.ts";

const USAGE = `npm run doctor -- <url> [--no-turns]

Checks a deployment: sign-in, parts, a turn, a turn after sleep, egress. The turns spend a few tokens; --no-turns leaves them out.
SERVER_TOKEN is a bearer token with all scopes, made on the account page.`;

const MARKS: Readonly<Record<Finding["state"], string>> = { good: "✓", bad: "✗", unknown: "?" };

async function main(): Promise<void> {
  const [address, ...flags] = process.argv.slice(2);
  if (address === undefined || !URL.canParse(address) || flags.some((flag) => flag !== "--no-turns")) {
    throw new Error(USAGE);
  }
  const token = tokenOf();
  const deployment = new Deployment(new URL(address).origin, token);
  const wanted = CHECKS.filter(({ runsTurns }) => runsTurns !== true || flags.length === 0);
  let isWell = true;
  for (const check of wanted) {
    const { state, detail } = await findingOf(check, deployment);
    process.stdout.write(`${MARKS[state]} ${check.name}: ${detail}\n`);
    if (state === "bad") isWell = false;
  }
  if (wanted.some(({ runsTurns }) => runsTurns)) await tidyUp(deployment).catch(() => {});
  if (!isWell) process.exitCode = 1;
}

function tokenOf(): string {
  const { SERVER_TOKEN, DEV_TOKEN } = readVariables(process.cwd(), process.env);
  const token = SERVER_TOKEN ?? DEV_TOKEN;
  if (token === undefined) throw new Error(`SERVER_TOKEN is not set.\n\n${USAGE}`);
  return token;
}

async function findingOf(check: Check, deployment: Deployment): Promise<Finding> {
  try {
    return await check.run(deployment);
  } catch (error) {
    if (error instanceof z.ZodError) return { state: "bad", detail: "the answer is of another kind than expected" };
    return { state: "bad", detail: error instanceof Error ? error.message : String(error) };
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
