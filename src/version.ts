import container from "../container/package.json" with { type: "json" };
import manifest from "../package.json" with { type: "json" };

export const VERSION: string = manifest.version;

/** Pinned there, so it is what an agent's container runs. */
export const CODEX_VERSION: string = container.dependencies["@openai/codex"];
