import { expect, it } from "vitest";
import { createLogger } from "../../../../../container/lib/log.ts";
import { AppServer } from "../../../../../container/runner/codex/app-server.ts";
import { unexpected } from "../../../../../container/runner/turn/result.ts";

const log = createLogger(() => {}, "ERROR");

it("interrupts a turn that comes while the runner stops", async () => {
  const peer = { onNotification: () => {}, onRequest: async () => ({}) };
  const options = { binaryPath: "/nowhere", args: [], env: {}, cwd: "/", peer, cleanUp: async () => {}, log };
  const appServer = new AppServer(options);
  await appServer.stop();
  const error = await appServer.connect().catch((reason: unknown) => reason);
  expect(unexpected(error, log)).toMatchObject({ status: "interrupted", error: { code: "codex_died" } });
});
