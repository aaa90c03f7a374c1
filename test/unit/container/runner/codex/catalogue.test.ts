import { describe, expect, it } from "vitest";
import type { CodexConnection } from "../../../../../container/runner/codex/app-server.ts";
import { Catalogue, chooseModel } from "../../../../../container/runner/codex/catalogue.ts";
import type { RpcConnection } from "../../../../../container/runner/codex/rpc.ts";

const small = { id: "small", is_default: false, efforts: ["low"] };
const big = { id: "big", is_default: true, efforts: ["low", "high"] };

describe("the choice of a model", () => {
  it.each([
    ["the default for none", null, null, { ok: true, model: "big" }],
    ["the one that is wanted", "small", null, { ok: true, model: "small" }],
    ["one that has the wanted effort", "small", "low", { ok: true, model: "small" }],
    ["the default with an effort it has", null, "high", { ok: true, model: "big" }],
    ["none for an unknown name", "huge", null, { ok: false, error: { code: "unknown_model", detail: "small, big" } }],
    ["none for a name in capitals", "BIG", null, { ok: false, error: { code: "unknown_model", detail: "small, big" } }],
    [
      "none for an effort it lacks",
      "small",
      "high",
      { ok: false, error: { code: "invalid_effort", detail: "small: low" } },
    ],
    [
      "none for an effort the default lacks",
      null,
      "xhigh",
      { ok: false, error: { code: "invalid_effort", detail: "big: low, high" } },
    ],
  ] as const)("is %s", (_, wanted, effort, choice) => {
    expect(chooseModel([small, big], wanted, effort)).toEqual(choice);
  });

  it("is the first where no model is the default", () => {
    expect(chooseModel([small], null, null)).toEqual({ ok: true, model: "small" });
  });

  it("is impossible in an empty catalogue", () => {
    expect(chooseModel([], null, null)).toEqual({ ok: false, error: { code: "unknown_model", detail: "" } });
  });
});

describe("the catalogue", () => {
  const model = (id: string, hidden = false) => ({
    id,
    hidden,
    isDefault: id === "a",
    supportedReasoningEfforts: [{ reasoningEffort: "low" }],
  });
  const pages: Record<string, object> = {
    null: { data: [model("a"), model("secret", true)], nextCursor: "next" },
    next: { data: [model("b")], nextCursor: null },
  };

  function codex(generation: number): { connection: CodexConnection; asked: unknown[] } {
    const asked: unknown[] = [];
    const request = async (_method: string, params: { cursor: string | null }) => {
      asked.push(params);
      return pages[String(params.cursor)];
    };
    const rpc = { request } as unknown as RpcConnection; // of a connection the catalogue uses only this
    return { connection: { rpc, generation, ended: new AbortController().signal }, asked };
  }

  it("has the models of all pages without the hidden ones", async () => {
    expect(await new Catalogue().list(codex(1).connection)).toEqual([
      { id: "a", is_default: true, efforts: ["low"] },
      { id: "b", is_default: false, efforts: ["low"] },
    ]);
  });

  it("is asked once of each Codex process", async () => {
    const catalogue = new Catalogue();
    const first = codex(1);
    await catalogue.list(first.connection);
    await catalogue.list(first.connection);
    expect(first.asked).toEqual([{ cursor: null }, { cursor: "next" }]);
    const second = codex(2);
    await catalogue.list(second.connection);
    expect(second.asked).toHaveLength(2);
  });
});
