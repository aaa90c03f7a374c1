// Parameters that do not fit, for every tool and every parameter of the catalogue: a refusal that names the parameter, before
// there is an agent, a turn or a container.
import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TOOLS, type Tool } from "../../src/tools/catalogue.ts";
import { newUser } from "./support/fleet.ts";
import { BAD_VALUES, type BadValue, GOOD_CALLS } from "./support/tool-inputs.ts";

const MIB = 1024 * 1024;
const user = newUser();
let agentsBefore: unknown;

beforeAll(async () => {
  agentsBefore = await listDurableObjectIds(env.CODEX_AGENT);
});

afterAll(async () => {
  expect(await listDurableObjectIds(env.CODEX_AGENT)).toEqual(agentsBefore);
});

describe.each(TOOLS)("$name refuses", (tool) => {
  const good = GOOD_CALLS[tool.name] ?? {};
  const parameters = Object.keys(propertiesOf(tool));

  it("nothing of a good call, which this test needs to know for each tool", () => {
    expect(Object.keys(GOOD_CALLS)).toContain(tool.name);
    expect(parameters).toEqual(expect.arrayContaining(Object.keys(good)));
    for (const parameter of parameters) expect(BAD_VALUES, `what ${parameter} may not be`).toHaveProperty(parameter);
  });

  it("the lack of each parameter that it needs", async () => {
    for (const parameter of requiredOf(tool)) {
      const { [parameter]: _, ...rest } = good;
      expect(await refusalOf(tool, rest), parameter).toMatch(ownWords(tool, parameter));
    }
  });

  it.each(["tsak", "workspace", "constructor", "__proto__", "\u001b[31m"])(
    "the parameter %j that it does not have",
    async (extra) => {
      const call = JSON.parse(
        JSON.stringify(good).replace(/\{/, `{${JSON.stringify(extra)}:1${Object.keys(good).length > 0 ? "," : ""}`),
      );
      expect(await refusalOf(tool, call)).toContain(`unknown parameter(s): ${extra.replace("\u001b", "?")}`);
    },
  );

  it.each(["text", 7, null, [], [{}]])("%j in place of its parameters", async (parameters) => {
    expect(await refusalOf(tool, parameters)).toMatch(/^Nothing was started\. .* got bad parameters: parameters: /);
  });

  it.each(parameters)("bad values of %s", async (parameter) => {
    for (const bad of BAD_VALUES[parameter] ?? []) {
      const message = await refusalOf(tool, { ...good, [parameter]: bad.value });
      expect(message, bad.what).toMatch(parameter === "cursor" ? /\bcursor\b/ : ownWords(tool, parameter, bad));
      expect(message, bad.what).not.toMatch(/[^\x20-\x7e]/);
      expect(message.length, bad.what).toBeLessThan(1_000);
    }
  });

  it("more than 8 MiB at once, naming the limit", async () => {
    const body = JSON.stringify({ ...good, padding: "a".repeat(20 * MIB) });
    const headers = { authorization: `Bearer ${env.DEV_TOKEN}`, "content-type": "application/json" };
    const response = await fetch(`${env.WORKER_URL}/tools/${tool.name}`, { method: "POST", body, headers });
    expect(response.status).toBe(413);
    expect(await response.text()).toContain(String(8 * MIB));
  });
});

it.each([{}, { failing_tests: [], context_files: [], symptoms: [] }])(
  "fix refuses a call that gives it nothing to go by: %j",
  async (call) => {
    const tool = TOOLS.find(({ name }) => name === "fix");
    if (tool === undefined) throw new Error("there is no tool fix");
    expect(await refusalOf(tool, call)).toContain(
      "at least one of failing_tests, error_output, context_files, symptoms",
    );
  },
);

it("has no cases left of tools or parameters that are gone", () => {
  expect(Object.keys(GOOD_CALLS).sort()).toEqual(TOOLS.map(({ name }) => name).sort());
  const parameters = TOOLS.flatMap((tool) => Object.keys(propertiesOf(tool)));
  expect(Object.keys(BAD_VALUES).sort()).toEqual([...new Set(parameters)].sort());
});

/** The message of the refusal; fails where the call is not refused, or not for its parameters. */
async function refusalOf(tool: Tool, parameters: unknown): Promise<string> {
  const { structured, failure } = await tool.run(parameters, user);
  expect(failure).toBe("invalid_input");
  const { error, ...rest } = structured as { error: { code: string; message: string; retryable: boolean } };
  expect(rest).toMatchObject({ status: "failed" });
  expect(rest).not.toHaveProperty("turn_id", expect.any(String));
  expect(error).toMatchObject({ code: "invalid_input", retryable: false });
  return error.message;
}

/** That this parameter is refused, and no other. */
function ownWords(tool: Tool, parameter: string, { at, says }: Partial<BadValue> = {}): RegExp {
  const place = at === undefined ? `${parameter}[^;]*` : `${parameter}\\.${at}`;
  return new RegExp(`^Nothing was started\\. ${tool.name} got bad parameters: ${place}: [^;]*${says ?? ""}[^;]*\\.$`);
}

function propertiesOf({ inputSchema }: Tool): object {
  return (inputSchema.properties ?? {}) as object; // an object schema's
}

function requiredOf({ inputSchema }: Tool): string[] {
  return (inputSchema.required ?? []) as string[]; // as JSON Schema has it
}
