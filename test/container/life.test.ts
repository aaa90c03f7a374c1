// How a container comes and goes, and what its image is.
import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { makeScratchDir } from "../support/app-server-driver.ts";
import { bridgeAddress, TEST_IMAGE } from "../support/docker-body.ts";
import { startFakeModel } from "../support/fake-model/fake-model.ts";
import { script } from "../support/fake-model/script.ts";
import { kill } from "../support/processes.ts";
import { TestRunner } from "../support/runner.ts";
import { turnSpec } from "../support/turn-record.ts";
import { beginTurn } from "../unit/container/runner/lab.ts";

const MAX_START_MS = 1_000;
const MAX_IMAGE_BYTES = 1.3e9;
const NOWHERE = "http://127.0.0.1:9/v1";

async function startMs(): Promise<number> {
  const startedAt = performance.now();
  const runner = await TestRunner.start({ modelUrl: NOWHERE });
  expect((await runner.health()).status).toBe("ok");
  const ms = performance.now() - startedAt;
  await runner.stop();
  return ms;
}

it("a container answers as a healthy runner within a second of its start", async () => {
  const times: number[] = [];
  while (times.length < 5) times.push(await startMs());
  console.log(`Container start to healthy runner: ${times.map((ms) => Math.round(ms)).join(", ")} ms`);
  expect(Math.min(...times)).toBeLessThan(MAX_START_MS);
});

it("lets the turn at work finish on SIGTERM, takes no other, and ends", async () => {
  const model = await startFakeModel({ host: bridgeAddress() });
  const runner = await TestRunner.start({ modelUrl: model.url });
  const prompt = script({ run: "sleep 1; echo done > done.txt" }, { say: "finished" });
  const turn = await beginTurn(runner, turnSpec({ prompt, access: "write" }));
  kill(runner.pid, "SIGTERM");
  expect((await runner.postTurn(turnSpec())).status).toBe(409);
  expect((await turn.settled).settled).toMatchObject({ status: "completed", answer: "finished" });
  expect(await runner.exited).toBe(0);
  await runner.dispose();
  await model.close();
});

it("tells that a turn is interrupted whose grace after SIGTERM is over", async () => {
  const model = await startFakeModel({ host: bridgeAddress() });
  const runner = await TestRunner.start({ modelUrl: model.url, env: { DRAIN_SECONDS: "1" } });
  const turn = await beginTurn(runner, turnSpec({ prompt: script({ run: "sleep 600" }), access: "write" }));
  kill(runner.pid, "SIGTERM");
  expect((await turn.settled).settled).toMatchObject({ status: "interrupted", error: { code: "container_lost" } });
  expect(await runner.exited).toBe(0);
  await runner.dispose();
  await model.close();
});

it("continues on a disk that a container before it left, whoever owned what is there", async () => {
  const dataDir = makeScratchDir("runner-");
  const model = await startFakeModel({ host: bridgeAddress() });
  for (const expected of ["1\n", "1\n1\n"]) {
    const runner = await TestRunner.start({ modelUrl: model.url, dataDir });
    const prompt = script({ run: "echo 1 >> count.txt; cat count.txt" }, { say: "counted" });
    const { events } = await runner.runTurn(turnSpec({ prompt, access: "write" }));
    expect(JSON.stringify(events)).toContain(JSON.stringify(expected));
    await runner.stop();
  }
  execFileSync("rm", ["-rf", dataDir]);
  await model.close();
});

it("the image is for linux/amd64, not too big, and has what agents work with", () => {
  const [image] = JSON.parse(execFileSync("docker", ["image", "inspect", TEST_IMAGE], { encoding: "utf8" }));
  console.log(`Size of the image: ${Math.round(image.Size / 1e6)} MB`);
  expect(`${image.Os}/${image.Architecture}`).toBe("linux/amd64");
  expect(image.Size).toBeLessThan(MAX_IMAGE_BYTES);
  const programs = "cc c++ curl git make node npm patch ps python3 rg tar unzip xz zstd".split(" ");
  const found = inImage(
    "sh",
    "-c",
    `for name in ${programs.join(" ")}; do command -v $name > /dev/null || echo no $name; done`,
  );
  expect(found).toBe("");
});

it("the image holds all of Codex: its vendor directory is the one of the npm package", () => {
  const list = "cd node_modules/@openai/codex-linux-x64 && find vendor -type f | sort | xargs sha256sum";
  const theirs = execFileSync("sh", ["-c", list], { encoding: "utf8" });
  expect(theirs).toContain("codex-code-mode-host");
  expect(inImage("sh", "-c", list)).toBe(theirs);
});

it("no layer of the image holds a secret, a source or a test", () => {
  const history = execFileSync("docker", ["history", "--no-trunc", TEST_IMAGE], { encoding: "utf8" });
  const [image] = JSON.parse(execFileSync("docker", ["image", "inspect", TEST_IMAGE], { encoding: "utf8" }));
  expect(`${history}${JSON.stringify(image.Config)}`).not.toMatch(/TOKEN|SECRET|PASSWORD|API_KEY|sk-/);
  expect(
    inImage("sh", "-c", "ls /app; ls -A /root /agent /build 2>/dev/null | grep -E 'npmrc|npm|cache' || true"),
  ).toBe("disk.cjs\nentrypoint.sh\ninit\nnode_modules\nrun-as\nrunner.cjs\n");
});

function inImage(...command: string[]): string {
  const [program = "", ...args] = command;
  const run = ["run", "--rm", "--entrypoint", program, TEST_IMAGE, ...args];
  return execFileSync("docker", run, { encoding: "utf8" });
}
