// Opens the Codex thread of a turn: a new one, one that is loaded, or one to be resumed from its rollout file.
import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import type { CodexConnection } from "../codex/app-server.ts";
import { ThreadOpened } from "../codex/messages.ts";
import type { ThreadResumeParams } from "../codex/protocol/v2/ThreadResumeParams.ts";
import type { ThreadStartParams } from "../codex/protocol/v2/ThreadStartParams.ts";
import type { JailPolicy } from "../jail.ts";
import { findRollout, RolloutFile, rolloutBytes } from "./rollout.ts";

export interface OpenThread {
  threadId: string;
  rollout: RolloutFile;
}

export interface ThreadRequest {
  threadId: string | null;
  /** How much of the rollout the caller already holds. */
  sentBytes: number;
  model: string;
  policy: JailPolicy;
  /** For the model, besides what the repository says. */
  instructions: string | null;
}

const AGENTS_FILE = "AGENTS.md";
const MAX_AGENTS_BYTES = 32 * 1024;

export class Threads {
  readonly #codexHome: string;
  readonly #workspace: string;
  readonly #loaded = new Map<string, { generation: number; path: string }>();

  constructor(codexHome: string, workspace: string) {
    this.#codexHome = codexHome;
    this.#workspace = workspace;
  }

  /** How much of the conversation the disk holds. Only one that is new to this runner has to be looked for. */
  async rolloutBytes(threadId: string): Promise<number> {
    const path = this.#loaded.get(threadId)?.path;
    const known = path === undefined ? undefined : await stat(path).catch(() => undefined);
    return known?.size ?? (await rolloutBytes(this.#codexHome, threadId));
  }

  /** Rejects with `RpcError` where Codex refuses (no rollout of that thread, for one) and with `RpcClosedError`. */
  async open(connection: CodexConnection, request: ThreadRequest): Promise<OpenThread> {
    const { threadId, sentBytes } = request;
    const loaded = threadId === null ? undefined : this.#loaded.get(threadId);
    if (threadId !== null && loaded?.generation === connection.generation) {
      return { threadId, rollout: new RolloutFile(threadId, loaded.path, sentBytes) };
    }
    const opened = await this.#load(connection, request);
    this.#loaded.set(opened.threadId, { generation: connection.generation, path: opened.path });
    const { threadId: id, path } = opened;
    return { threadId: id, rollout: new RolloutFile(id, path, sentBytes) };
  }

  async #load(connection: CodexConnection, request: ThreadRequest): Promise<{ threadId: string; path: string }> {
    const { policy, model, threadId, instructions } = request;
    const common = {
      model,
      cwd: this.#workspace,
      sandbox: policy.sandbox,
      approvalPolicy: policy.approvalPolicy,
      developerInstructions: joined(instructions, await this.#repositoryInstructions()),
    } satisfies ThreadStartParams;
    const answer =
      threadId === null
        ? await connection.rpc.request("thread/start", {
            ...common,
            environments: policy.environments,
          } satisfies ThreadStartParams)
        : await connection.rpc.request("thread/resume", {
            ...common,
            threadId,
            excludeTurns: true,
          } satisfies ThreadResumeParams);
    const { thread } = ThreadOpened.parse(answer);
    const path = thread.path ?? (await findRollout(this.#codexHome, thread.id));
    if (path === undefined || path === null) throw new Error("Codex keeps no rollout file for this thread");
    return { threadId: thread.id, path };
  }

  /** An untrusted project's AGENTS.md is not read by Codex, so it is handed over here; its other settings are not. */
  async #repositoryInstructions(): Promise<string | null> {
    const text = await readStart(join(this.#workspace, AGENTS_FILE), MAX_AGENTS_BYTES).catch(() => "");
    return text.trim() === "" ? null : `Instructions of this repository (${AGENTS_FILE}):\n\n${text}`;
  }
}

function joined(...texts: (string | null)[]): string | null {
  return texts.filter((text) => text !== null).join("\n\n") || null;
}

/** A link is not followed: it could point at any file of the machine. */
async function readStart(path: string, maxBytes: number): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(maxBytes), 0, maxBytes, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
