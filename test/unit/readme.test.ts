// What the README promises about settings and tools is so.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Config, readConfig } from "../../src/config.ts";

const ROOT = join(import.meta.dirname, "../..");
const README = readFileSync(join(ROOT, "README.md"), "utf8");
/** First cell → second cell of every table row that begins with code. */
const ROWS = new Map(
  [...README.matchAll(/^\| `(\w+)` *\| (.*?) *\|/gm)].map(([, name = "", cell = ""]) => [name, cell]),
);
/** The dev server sets these for the Worker; no user does. */
const INTERNAL = new Set(["PROCESS_HOST_URL", "PROCESS_HOST_TOKEN", "LOCAL_LOGIN_URL", "LOCAL_LOGIN_TOKEN"]);

const settings = Object.keys(Config.shape).filter((name) => !INTERNAL.has(name));

it.each(settings)("has a row for the setting %s, with its default where it is a plain value", (name) => {
  const cell = ROWS.get(name);
  expect(cell).toBeDefined();
  const fallback = readConfig({})[name as keyof Config]; // a key of its shape
  const isPlain = typeof fallback === "string" || typeof fallback === "number" || typeof fallback === "boolean";
  if (isPlain) expect(cell).toBe(`\`${fallback}\``);
  else expect(cell).not.toMatch(/^`/);
});

/** As they are written in the tools' own files: the catalogue itself needs the Workers runtime. */
const tools = readdirSync(join(ROOT, "src/tools")).flatMap((file) => {
  const source = readFileSync(join(ROOT, "src/tools", file), "utf8");
  return [...source.matchAll(/^ {2}name: "(\w+)",$/gm)].map(([, name = ""]) => name);
});

it("finds the tools", () => {
  expect(tools).toEqual(expect.arrayContaining(["implement", "get_turn", "health_check"]));
});

it.each(tools)("has a row for the tool %s", (name) => {
  expect(ROWS.has(name)).toBe(true);
});
