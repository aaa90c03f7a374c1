// The models that the running Codex knows. A slug outside of it is refused before a turn: Codex itself would fall back to
// settings without `apply_patch` and say so only in a warning.
import type { Effort, ModelInfo, RunnerError } from "../../protocol.ts";
import type { CodexConnection } from "./app-server.ts";
import { ModelList } from "./messages.ts";

export class Catalogue {
  #generation = -1;
  #models: ModelInfo[] = [];

  async list({ rpc, generation }: CodexConnection): Promise<ModelInfo[]> {
    if (generation === this.#generation) return this.#models;
    const models: ModelInfo[] = [];
    let cursor: string | null = null;
    do {
      const page = ModelList.parse(await rpc.request("model/list", { cursor }));
      models.push(
        ...page.data
          .filter((model) => !model.hidden)
          .map((model) => ({
            id: model.id,
            is_default: model.isDefault,
            efforts: model.supportedReasoningEfforts.map((effort) => effort.reasoningEffort),
          })),
      );
      cursor = page.nextCursor ?? null;
    } while (cursor !== null);
    this.#models = models;
    this.#generation = generation;
    return models;
  }
}

export type ModelChoice = { ok: true; model: string } | { ok: false; error: RunnerError };

/** `wanted` null means the catalogue's default. The error's detail lists what is known. */
export function chooseModel(models: readonly ModelInfo[], wanted: string | null, effort: Effort | null): ModelChoice {
  const model = wanted === null ? (models.find((m) => m.is_default) ?? models[0]) : models.find((m) => m.id === wanted);
  if (model === undefined) {
    return { ok: false, error: { code: "unknown_model", detail: models.map((m) => m.id).join(", ") } };
  }
  if (effort !== null && !model.efforts.includes(effort)) {
    return { ok: false, error: { code: "invalid_effort", detail: `${model.id}: ${model.efforts.join(", ")}` } };
  }
  return { ok: true, model: model.id };
}
