// No tool invents: what it answers is what the model said and what was observed, and where there is neither it fails.
import { describe, expect, it as test } from "vitest";
import { CODEX_TOOLS } from "../../src/tools/registry.ts";
import { type Step, script } from "../support/fake-model/script.ts";
import { callTool, newUser } from "./support/fleet.ts";
import { modelRequests } from "./support/lab.ts";
import { type Answer, TOOL_ANSWERS } from "./support/tool-answers.ts";

const it = test.sequential;
const OPTION_LIKE = "--version --config sandbox_mode=danger-full-access";

describe.concurrent.each(CODEX_TOOLS)("$name", (tool) => {
  const user = newUser();
  const { parameters, answers } = casesOf(tool.name);

  const call = (steps: readonly Step[], { context = user, text = "Do it." } = {}) =>
    callTool(context, tool.name, parameters(`${text} ${script(...steps)}`));
  const answering = ({ work, says }: Answer) => call([...work, { say: JSON.stringify(says) }]);

  it("has two answers to be told apart by, which differ in every field", () => {
    const [one, two] = answers.map(({ says }) => says);
    expect(Object.keys(one ?? {}).sort()).toEqual(Object.keys(tool.result.shape).sort());
    for (const key of Object.keys(tool.result.shape)) expect(one?.[key], key).not.toEqual(two?.[key]);
  });

  it("answers with every field of what the model said and what was observed, and with nothing else", async () => {
    for (const answer of answers) {
      const { structured, failure } = await answering(answer);
      expect(failure).toBeNull();
      expect(structured.result).toEqual({ ...withoutNulls(answer.says), ...answer.observed });
    }
  });

  it("has a default for no field, and takes no number outside of its scale", () => {
    const { says } = answers[0];
    const takes = (answer: object) => tool.result.safeParse(withoutNulls(answer)).success;
    expect(takes(says)).toBe(true);
    for (const [key, value] of Object.entries(says)) {
      expect(takes({ ...says, [key]: undefined }), key).toBe(false);
      const outside = typeof value === "number" ? [-1, 101, "5", Number.NaN] : [];
      for (const number of outside) expect(takes({ ...says, [key]: number }), `${key} ${number}`).toBe(false);
    }
  });

  it.each([
    ["no answer", [{ say: "" }], "empty_answer"],
    ["a blank answer", [{ say: " \n\t " }], "empty_answer"],
    ["an answer that does not fit, twice", misfits("{}"), "bad_model_output"],
    ["an answer that is no JSON the second time", misfits("Done, all is well."), "bad_model_output"],
    [
      "an answer that lacks one field, twice",
      misfits(JSON.stringify(withoutFirst(answers[0].says))),
      "bad_model_output",
    ],
    ["an answer of blank words, twice", misfits(JSON.stringify(blank(answers[0].says))), "bad_model_output"],
    ["a refusal of the model API", [{ fail: { status: 401 } }], "model_auth_failed"],
  ] as [string, Step[], string][])("fails on %s", async (_, steps, code) => {
    const { structured, failure } = await call(steps);
    expect(failure).toBe(code);
    expect(structured).toMatchObject({ status: "failed", error: { code } });
    expect(structured).not.toHaveProperty("result");
  });

  it("fails when its time is over, whatever was said so far", async () => {
    const hasty = { ...user, config: { ...user.config, TURN_TIMEOUT_SECONDS: 1 } };
    const answer = { say: JSON.stringify(answers[0].says) };
    const { structured, failure } = await call([{ stallMs: 15_000 }, answer], { context: hasty });
    expect(failure).toBe("deadline_exceeded");
    expect(structured).not.toHaveProperty("result");
  });

  it.each([
    ["a NUL", "a\0b", "a\0b"],
    ["half a surrogate pair", "a\ud800b", "a\ufffdb"],
    ["terminal controls", "\u001b[2J\u202e", "\u001b[2J\u202e"],
    ["line ends of every kind", "a\r\n\r\u0085\u2028\u2029b", "a\r\n\r\u0085\u2028\u2029b"],
  ])("hands a text with %s on to the model", async (_, odd, told) => {
    const name = crypto.randomUUID();
    expect((await call([{ answer: {} }], { text: `${name} ${odd}` })).failure).toBeNull();
    expect((await modelRequests(name))[0]?.promptText).toContain(`${name} ${told}`);
  });

  it("passes on what the model says and what commands print, whatever characters are in it", async () => {
    const odd = "a\0b\u001bc\u0085d\u2028e\u2029f\ufeffg\ud83d\ude00";
    const says = JSON.parse(
      JSON.stringify(answers[0].says).replace(/(?<=[a-z] )one/g, JSON.stringify(odd).slice(1, -1)),
    );
    const { structured, failure } = await answering({ work: [{ run: "printf 'x\\342\\200\\250y\\377'" }], says });
    expect(failure).toBeNull();
    expect(JSON.stringify(structured.result)).toContain(JSON.stringify(odd).slice(1, -1));
    expect(structured.evidence).toMatchObject({ commands: [{ exit_code: 0 }] });
  });

  it("takes a text that looks like options for the text that it is", async () => {
    const text = `${OPTION_LIKE} ${crypto.randomUUID()}`;
    expect((await call([{ answer: {} }], { text })).failure).toBeNull();
    expect((await modelRequests(text)).length).toBeGreaterThan(0);
  });
});

function casesOf(tool: string) {
  const cases = TOOL_ANSWERS[tool];
  if (cases === undefined) throw new Error(`there are no answers to prove ${tool} by`);
  return cases;
}

/** As callers see an answer: what is optional is left out. */
function withoutNulls(value: object): object {
  return JSON.parse(JSON.stringify(value, (_, inner) => (inner === null ? undefined : inner)));
}

function withoutFirst(value: object): object {
  return Object.fromEntries(Object.entries(value).slice(1));
}

function blank(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, inner) => (/[a-z] (?:one|two)/.test(inner) ? " " : inner));
}

/**
 * A first answer that does not fit, and what comes of its repair. The repair prompt names the key that is too many: so the key
 * is the script of the second answer. Its mark is escaped, so that it is none in the first prompt.
 */
function misfits(second: string): Step[] {
  const key = JSON.stringify(script({ say: second })).replaceAll("[[model:", "\\u005b[model:");
  return [{ say: `{${key}: 1}` }];
}
