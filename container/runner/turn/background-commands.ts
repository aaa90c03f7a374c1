// Codex keeps commands that outlive their call, also after an interrupt.
import type { CodexConnection } from "../codex/app-server.ts";
import type { OpenThread } from "./threads.ts";

/** Ends those of the thread. Never rejects: where Codex is gone, so are they. */
export async function endBackgroundCommands({ rpc }: CodexConnection, { threadId }: OpenThread): Promise<void> {
  await rpc.request("thread/backgroundTerminals/clean", { threadId }).catch(() => {});
}
