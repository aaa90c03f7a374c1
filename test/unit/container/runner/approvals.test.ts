// What waits for a person, what the answers do, and that nothing is carried out that was not accepted.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { Step } from "../../../support/fake-model/script.ts";
import { inDocker } from "../../../support/runner-body.ts";
import { bodiesOf } from "../../../support/turn-record.ts";
import { asking, resolutions } from "./asking.ts";
import { useLab, waitFor } from "./lab.ts";

const lab = useLab();
const { begin, asked, answer } = asking(lab);
const PATCH: Step = { patch: "*** Begin Patch\n*** Add File: patched.txt\n+hello\n*** End Patch\n" };
const escalated = (name: string): Step => ({ run: `touch ${name}`, escalate: "it must be written" });

let count = 0;
/** A file name that no other test uses. */
const fresh = (): string => `file-${++count}.txt`;
const isThere = (name: string): boolean => existsSync(join(lab.runner.workspace, name));

beforeEach(async () => {
  await lab.runner.request("/grants", { method: "DELETE" });
});

describe("in suggest mode", () => {
  it("reads run freely", async () => {
    const turn = await (await begin([{ run: "cat /etc/hostname" }])).settled;
    expect(turn.settled.status).toBe("completed");
    expect(bodiesOf(turn, "approval_requested")).toEqual([]);
    expect(bodiesOf(turn, "command_finished")[0]?.exit_code).toBe(0);
  });

  it("a write that does not ask fails in the sandbox", async () => {
    const name = fresh();
    const turn = await (await begin([{ run: `touch ${name}` }])).settled;
    expect(turn.settled.status).toBe("completed");
    expect(isThere(name)).toBe(false);
  });

  it("a command that asks says what it is, and runs once it is accepted", async () => {
    const name = fresh();
    const turn = await begin([escalated(name)]);
    const approval = await asked(turn);
    expect(approval).toMatchObject({
      kind: "command",
      command: `touch ${name}`,
      cwd: ".",
      // A container's command names the environment that may write, and no reason.
      ...(inDocker ? {} : { reason: "it must be written" }),
    });
    expect(isThere(name)).toBe(false);
    expect(await answer(turn, approval, "accept")).toBe(202);
    expect(resolutions(await turn.settled)).toEqual([["accept", "person"]]);
    expect(isThere(name)).toBe(true);
  });

  it("an edit is shown with its diff before it is made", async () => {
    const turn = await begin([PATCH]);
    const approval = await asked(turn);
    expect(approval).toMatchObject({ kind: "file_change", paths: ["patched.txt"] });
    expect(approval.diff).toBe("--- /dev/null\n+++ b/patched.txt\n@@ -0,0 +1,1 @@\n+hello");
    expect(isThere("patched.txt")).toBe(false);
    await answer(turn, approval, "accept");
    await turn.settled;
    expect(isThere("patched.txt")).toBe(true);
  });

  it("what is declined does not happen, and the turn goes on", async () => {
    const name = fresh();
    const turn = await begin([escalated(name)]);
    await answer(turn, await asked(turn), "decline");
    const record = await turn.settled;
    expect(record.settled).toMatchObject({ status: "completed", answer: "done" });
    expect(isThere(name)).toBe(false);
  });

  it("cancel ends the turn, and nothing of it happens", async () => {
    const name = fresh();
    const turn = await begin([escalated(name)]);
    await answer(turn, await asked(turn), "cancel");
    expect((await turn.settled).settled.status).toBe("cancelled");
    expect(isThere(name)).toBe(false);
  });

  it("an answer that nobody gives is no", async () => {
    const name = fresh();
    const turn = await (await begin([escalated(name)], { approval_timeout_ms: 200 })).settled;
    expect(resolutions(turn)).toEqual([["decline", "timeout"]]);
    expect(turn.settled.status).toBe("completed");
    expect(isThere(name)).toBe(false);
  });

  it("only the first answer counts", async () => {
    const name = fresh();
    const turn = await begin([escalated(name)]);
    const approval = await asked(turn);
    const statuses = await Promise.all([answer(turn, approval, "decline"), answer(turn, approval, "accept")]);
    expect(statuses.sort()).toEqual([202, 409]);
    await turn.settled;
    expect(await answer(turn, approval, "accept")).toBe(409);
  });

  it("what is accepted for the session is not asked again, only shown, until it is taken back", async () => {
    const name = fresh();
    const first = await begin([escalated(name)]);
    await answer(first, await asked(first), "accept_for_session");
    await first.settled;
    const second = await (await begin([escalated(name)])).settled;
    expect(resolutions(second)).toEqual([["accept_for_session", "session"]]);
    expect(await (await lab.runner.request("/grants")).json()).toEqual({ grants: [`command in .: touch ${name}`] });

    const other = await begin([escalated(fresh())]);
    expect(await answer(other, await asked(other), "decline")).toBe(202);
    await other.settled;

    await lab.runner.request("/grants", { method: "DELETE" });
    const third = await begin([escalated(name)]);
    expect(await answer(third, await asked(third), "decline")).toBe(202);
    await third.settled;
  });

  it("a turn that ends while it waits voids the question", async () => {
    const name = fresh();
    const turn = await begin([escalated(name)]);
    const approval = await asked(turn);
    await lab.runner.cancel(turn.turnId);
    expect(resolutions(await turn.settled)).toEqual([["decline", "end"]]);
    expect(await answer(turn, approval, "accept")).toBe(409);
    expect(isThere(name)).toBe(false);
  });

  it("a turn that may only read asks nobody, and cannot leave its sandbox", async () => {
    const name = fresh();
    const turn = await (await begin([escalated(name), PATCH], { access: "read" })).settled;
    expect(bodiesOf(turn, "approval_requested")).toEqual([]);
    expect(isThere(name)).toBe(false);
  });
});

it("in manual mode even a read waits", async () => {
  const turn = await begin([{ run: "ls" }], { approval_mode: "manual" });
  const approval = await asked(turn);
  expect(approval.command).toBe("ls");
  await answer(turn, approval, "accept");
  expect((await turn.settled).settled.status).toBe("completed");
});

it("a turn at work can be steered, one that has settled cannot", async () => {
  const spec = { access: "write", approval_mode: "suggest" } as const;
  const turn = await lab.begin([escalated(fresh()), { say: "done" }], spec);
  const approval = await asked(turn);
  const steer = () =>
    lab.runner.request(`/turns/${turn.turnId}/steer`, {
      method: "POST",
      body: JSON.stringify({ message: "be quick" }),
    });
  expect((await steer()).status).toBe(202);
  await answer(turn, approval, "decline");
  await turn.settled;
  await waitFor(() => lab.model.requests.find(({ body }) => JSON.stringify(body).includes("be quick")));
  expect((await steer()).status).toBe(409);
});
