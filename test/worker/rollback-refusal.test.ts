import { expect, it } from "vitest";
import { type RollbackParts, rollBack } from "../../src/agent/checkpoints/rollback.ts";

it("says why nothing can be rolled back here, and asks nobody to try again", async () => {
  const note = "The files as they are now were not saved: the disk of a container cannot be archived yet.";
  // Only what is used before anything changes.
  const parts = {
    store: { restorePoints: { find: () => ({ is_saved: true, checkpoint_id: null }) } },
    body: { ensureRunning: async () => ({}) },
    files: {
      isPersistent: true,
      prepare: async () => [],
      save: async () => ({ status: "failed", mayRetry: false, notes: [note] }),
    },
  } as unknown as RollbackParts;
  await expect(rollBack("turn_1", parts)).rejects.toMatchObject({
    code: "conflict",
    message: `Nothing was rolled back. ${note}`,
  });
});
