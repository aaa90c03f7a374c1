import { describe, expect, it } from "vitest";
import { script } from "../../../support/fake-model/script.ts";
import { bodiesOf, continuing, turnSpec } from "../../../support/turn-record.ts";
import { textOf, useLab } from "./lab.ts";

const lab = useLab();

const output_schema = {
  type: "object",
  properties: { verdict: { type: "string", enum: ["pass", "fail"] }, note: { type: "string" } },
  required: ["verdict", "note"],
  additionalProperties: false,
};
const GOOD = { verdict: "pass", note: "fine" };

describe("the choice of a model", () => {
  it("falls on the catalogue's default", async () => {
    const turn = await lab.run([{ say: "hi" }], { model: null });
    const expected = (await lab.runner.models()).find(({ is_default }) => is_default)?.id;
    expect(bodiesOf(turn, "started")[0]?.model).toBe(expected);
    expect(lab.requestsOf(turn).map(({ model }) => model)).toEqual([expected]);
  });

  it("is refused before the turn for an unknown one, with all known ones", async () => {
    const asked = lab.model.requests.length;
    const { settled, events } = await lab.runner.runTurn(turnSpec({ model: "gpt-5" }));
    const known = (await lab.runner.models()).map(({ id }) => id);
    expect(known).toContain("gpt-5.5");
    expect(settled).toMatchObject({ status: "failed", error: { code: "unknown_model", detail: known.join(", ") } });
    expect(events).toHaveLength(1);
    expect(lab.model.requests).toHaveLength(asked);
  });

  it("is refused before the turn for an effort that the model lacks, with those it has", async () => {
    const { settled } = await lab.runner.runTurn(turnSpec({ model: "gpt-5.5", effort: "minimal" }));
    const efforts = (await lab.runner.models()).find(({ id }) => id === "gpt-5.5")?.efforts ?? [];
    expect(settled.error).toEqual({ code: "invalid_effort", detail: `gpt-5.5: ${efforts.join(", ")}` });
  });

  it("is sent to the model API with its effort", async () => {
    const turn = await lab.run([{ say: "hi" }], { effort: "high" });
    expect(lab.requestsOf(turn)[0]?.body).toMatchObject({ model: "gpt-5.5", reasoning: { effort: "high" } });
  });
});

describe("an answer without a schema", () => {
  it("is the model's last message as it is", async () => {
    const turn = await lab.run([{ say: '{"no":"schema"}' }]);
    expect(turn.settled.answer).toBe('{"no":"schema"}');
    expect(bodiesOf(turn, "message").at(-1)?.text).toBe('{"no":"schema"}');
  });

  it("may not be missing", async () => {
    const { settled } = await lab.run([{ run: "echo x" }, { say: "" }]);
    expect(settled).toMatchObject({ status: "failed", answer: null, error: { code: "empty_answer" } });
  });

  it("may not be blank", async () => {
    const { settled } = await lab.run([{ say: " \n " }]);
    expect(settled).toMatchObject({ status: "failed", answer: null, error: { code: "empty_answer" } });
  });
});

describe.each(["gpt-5.5", "gpt-6.1-sol"])("an answer of %s with a schema", (model) => {
  it("is asked for in the schema's form and accepted when it fits", async () => {
    const turn = await lab.run([{ run: "echo x" }, { answer: GOOD }], { output_schema, model });
    expect(turn.settled).toMatchObject({ status: "completed", error: null });
    expect(JSON.parse(turn.settled.answer ?? "")).toEqual(GOOD);
    const schemas = lab.requestsOf(turn).map(({ body }) => body);
    expect(schemas).toEqual([
      expect.objectContaining({
        text: expect.objectContaining({ format: expect.objectContaining({ schema: output_schema }) }),
      }),
      expect.objectContaining({
        text: expect.objectContaining({ format: expect.objectContaining({ schema: output_schema }) }),
      }),
    ]);
  });

  it("is mended once when it does not fit", async () => {
    // The repair prompt has no script, so that the fake model answers it by the schema.
    const turn = await lab.run([{ say: '{"verdict":"perhaps"}' }], { output_schema, model });
    expect(turn.settled).toMatchObject({ status: "completed", error: null });
    expect(JSON.parse(turn.settled.answer ?? "")).toMatchObject({ verdict: "pass" });
    expect(bodiesOf(turn, "progress")).toHaveLength(1);
    const requests = lab.requestsOf(turn);
    expect(requests).toHaveLength(2);
    expect(requests[1]?.promptText).toContain("does not fit the output schema");
    expect(requests[1]?.promptText).toContain("verdict");
  });

  it("fails after one repair, with the raw text", async () => {
    // The repair prompt names the allowed values: so this one becomes the script of the second turn.
    const value = { type: "string", enum: [script({ say: "still not JSON" }), "another"] };
    const schema = { type: "object", properties: { value }, required: ["value"] };
    const turn = await lab.run([{ say: '{"value":"bad"}' }], { output_schema: schema, model });
    expect(turn.settled).toMatchObject({ status: "failed", answer: null });
    expect(turn.settled.error).toEqual({ code: "bad_model_output", detail: "still not JSON" });
    expect(lab.requestsOf(turn)).toHaveLength(2);
  });
});

it("counts the usage of a repair and keeps its lines in the conversation", async () => {
  const turn = await lab.run([{ say: "no JSON" }], { output_schema });
  const bytes = lab.requestsOf(turn).map(({ body }) => Buffer.byteLength(JSON.stringify(body)));
  expect(turn.settled.usage.input_tokens).toBe(bytes.reduce((sum, size) => sum + Math.ceil(size / 4), 0));
  const next = await lab.run([{ say: "next" }], continuing(turn));
  expect(next.settled.status).toBe("completed");
  expect(textOf(lab.requestsOf(next).at(-1))).toContain("does not fit the output schema");
});

it("does not ask for the schema again in a later turn without one", async () => {
  const first = await lab.run([{ answer: GOOD }], { output_schema });
  const second = await lab.run([{ say: "free text" }], continuing(first));
  expect(second.settled).toMatchObject({ status: "completed", answer: "free text" });
  expect(textOf(lab.requestsOf(second).at(-1))).not.toContain("codex_output_schema");
});
