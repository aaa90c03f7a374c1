// Processes die at any moment: the workspace is then as it was, or as it was to be, and nothing is left behind.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeScratchDir } from "../../../support/app-server-driver.ts";
import { script } from "../../../support/fake-model/script.ts";
import { commandLine, descendantsOf, kill } from "../../../support/processes.ts";
import { TestRunner } from "../../../support/runner.ts";
import { inDocker } from "../../../support/runner-body.ts";
import { turnSpec } from "../../../support/turn-record.ts";
import { tarOf, useFilesLab } from "./files-lab.ts";
import { readTree, waitFor, writeFiles } from "./lab.ts";

const files = useFilesLab();
const { lab } = files;
/** What is staged. */
const staged = (): string[] => {
  const directory = join(lab.runner.dataDir, "incoming");
  return existsSync(directory) ? readdirSync(directory) : [];
};

/** An upload of which the last part never comes. */
function beginUpload(runner: TestRunner, archive: Buffer): { answer: Promise<number>; giveUp(): void } {
  const gone = new AbortController();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(archive.subarray(0, archive.length - 10)),
  });
  const init = { method: "PUT", body, duplex: "half", signal: gone.signal } as RequestInit;
  const answer = runner.request("/files/archive?format=tar.zst&mode=replace", init).then(
    ({ status }) => status,
    () => 0,
  );
  return { answer, giveUp: () => gone.abort() };
}

const diskPid = (runner: TestRunner): number | undefined =>
  descendantsOf(runner.pid).find(
    (pid) => /disk\/main\.ts|disk\.cjs/.test(commandLine(pid)) && !/run-as/.test(commandLine(pid)),
  );

it("a disk process that is killed in the middle of an upload leaves the workspace as it was", async () => {
  writeFiles(lab.runner.workspace, { mine: "1" });
  lab.runner.giveWorkspace();
  const { answer } = beginUpload(lab.runner, tarOf("head -c 2000000 /dev/urandom > f"));
  await waitFor(() => (staged().length > 0 ? true : undefined));
  kill(await waitFor(() => diskPid(lab.runner)), "SIGKILL");
  expect(await answer).toBe(500);
  expect(readTree(lab.runner.workspace)).toEqual({ mine: "1" });
  await files.write({ files: [{ path: "next", content: "2" }] });
  expect(readTree(lab.runner.workspace)).toEqual({ mine: "1", next: "2" });
  expect(staged()).toEqual([]);
});

it("an upload whose sender goes away changes nothing and leaves nothing", async () => {
  writeFiles(lab.runner.workspace, { mine: "1" });
  lab.runner.giveWorkspace();
  const { answer, giveUp } = beginUpload(lab.runner, tarOf("head -c 2000000 /dev/urandom > f"));
  await waitFor(() => (staged().length > 0 ? true : undefined));
  giveUp();
  expect(await answer).toBe(0);
  await expect.poll(() => staged(), { timeout: 10_000 }).toEqual([]);
  await expect.poll(() => diskPid(lab.runner)).toBeUndefined();
  expect(readTree(lab.runner.workspace)).toEqual({ mine: "1" });
});

// A container's disk does not outlive its runner.
it.skipIf(inDocker)(
  "a runner that is killed in the middle of putting files in place ends it at its next start",
  async () => {
    const dataDir = makeScratchDir("runner-");
    writeFiles(dataDir, {
      "workspace/old": "1",
      "incoming/one/new/a": "2",
      "incoming/one/old/0": "1",
      "incoming/two/new/b": "3",
    });
    const steps = [
      { kind: "out", from: "workspace/gone", to: "incoming/one/old/0" },
      { kind: "out", from: "workspace/old", to: "incoming/one/old/1" },
      { kind: "in", from: "incoming/one/new/a", to: "workspace/a" },
    ];
    writeFileSync(join(dataDir, "incoming/one/plan.json"), JSON.stringify(steps));
    mkdirSync(join(dataDir, "incoming/one/old"), { recursive: true });
    const runner = await TestRunner.start({ modelUrl: lab.model.url, dataDir });
    const turn = await runner.runTurn(turnSpec({ prompt: script({ run: "ls" }, { say: "done" }), access: "read" }));
    expect(turn.settled.status).toBe("completed");
    expect(readTree(join(dataDir, "workspace"))).toEqual({ a: "2" });
    expect(readdirSync(join(dataDir, "incoming"))).toEqual([]);
    await runner.stop();
    execFileSync("rm", ["-rf", dataDir]);
  },
);
