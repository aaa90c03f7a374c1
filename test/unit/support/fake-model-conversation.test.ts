import { describe, expect, it } from "vitest";
import { makeCallId, readConversation } from "../../support/fake-model/conversation.ts";

const user = (...texts: string[]) => ({
  type: "message",
  role: "user",
  content: texts.map((text) => ({ type: "input_text", text })),
});
const output = (callId?: string) => ({
  type: "custom_tool_call_output",
  output: "x",
  ...(callId && { call_id: callId }),
});
const developer = { type: "message", role: "developer", content: [{ type: "input_text", text: "rules" }] };

describe("the prompt of a request", () => {
  it.each([
    ["joins the texts of the last user message", [user("old"), user("a", "b"), developer], "a\nb"],
    ["is not what Codex itself writes after it", [user("a"), user("<skill>\n<name>s</name></skill>")], "a"],
    ["is not the environment", [user("<environment_context>\n<cwd>/</cwd>\n</environment_context>")], ""],
    ["may be the whole input", "plain", "plain"],
    ["is empty for something else", 5, ""],
  ])("%s", (_, input, expected) => {
    expect(readConversation({ input }).promptText).toBe(expected);
  });
});

describe("the next step", () => {
  it.each([
    ["is the first at the beginning of a turn", [user("a")], 0],
    ["follows the step whose output came last", [user("a"), output(makeCallId(0)), output(makeCallId(2))], 3],
    ["advances once for parallel calls", [user("a"), output(makeCallId(0)), output(makeCallId(0))], 1],
    ["takes no notice of outputs of other origin", [user("a"), output(), output("call_abc")], 0],
    ["takes no notice of earlier turns", [user("a"), output(makeCallId(0)), user("a")], 0],
  ])("%s", (_, input, expected) => {
    expect(readConversation({ input }).nextStep).toBe(expected);
  });
});

describe("where commands run besides the primary environment", () => {
  const context = (...environments: string[]) => ({
    role: "user",
    content: `<environment_context><environments>${environments.join("")}</environments></environment_context>`,
  });
  const primary = '<environment id="a" primary="true"></environment>';
  const other = '<environment id="b" primary="false"></environment>';

  it.each([
    ["is read from the context", [context(primary, other)], "b"],
    ["is nowhere where there is one environment", [context('<environment id="a"></environment>')], undefined],
    ["is what the last context says", [context(primary, other), context(primary)], undefined],
    ["is nowhere without a context", [], undefined],
  ])("%s", (_, input, expected) => {
    expect(readConversation({ input }).otherEnvironment).toBe(expected);
  });
});
