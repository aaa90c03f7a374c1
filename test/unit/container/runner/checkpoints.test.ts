// Files that turns make, saved by one runner and put back by another: in a container they belong to the user of the commands,
// and the runner itself can neither read nor write all of them.
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  beginRestore,
  finishRestore,
  heldBy,
  putArchive,
  restoreDisk,
  type Saved,
  saveDisk,
} from "../../../support/checkpoint-client.ts";
import { script } from "../../../support/fake-model/script.ts";
import { commandLine, descendantsOf, kill } from "../../../support/processes.ts";
import { TestRunner } from "../../../support/runner.ts";
import { inDocker } from "../../../support/runner-body.ts";
import { bodiesOf, turnSpec } from "../../../support/turn-record.ts";
import { look } from "../checkpoint/disks.ts";
import { useLab } from "./lab.ts";

const lab = useLab();

/** What a turn with write access prints; every command must end well. */
async function run(runner: TestRunner, ...commands: string[]): Promise<string> {
  const prompt = script(...commands.map((command) => ({ run: command })), { say: "done" });
  const turn = await runner.runTurn(turnSpec({ prompt, access: "write" }));
  const finished = bodiesOf(turn, "command_finished");
  expect(
    finished.map(({ exit_code }) => exit_code),
    JSON.stringify(finished),
  ).toEqual(commands.map(() => 0));
  return finished.map(({ output_tail }) => output_tail).join("");
}

/** On a disk of its own, gone afterwards. */
async function withAnother<T>(work: (runner: TestRunner) => Promise<T>): Promise<T> {
  const runner = await TestRunner.start({ modelUrl: lab.model.url });
  try {
    return await work(runner);
  } finally {
    await runner.stop();
  }
}

async function saveAll(runner: TestRunner, parent: string | null): Promise<Saved> {
  const saved = await saveDisk(runner, parent);
  if (saved === undefined) throw new Error("nothing was saved");
  return saved;
}

/** The disk process that is at work. */
async function diskPid(runner: TestRunner): Promise<number> {
  let found: number | undefined;
  await expect
    .poll(() => (found = descendantsOf(runner.pid).find((pid) => isDiskProcess(commandLine(pid)))), { interval: 5 })
    .toBeDefined();
  return found ?? 0;
}

const isDiskProcess = (command: string): boolean => /^\S*node .*\/disk(\.cjs|\/main\.ts)$/.test(command);

/** Raw, for a request that is to fail. */
function create(runner: TestRunner, parent: string): Promise<Response> {
  const request = { id: "ckpt_killed", parent, is_base: true, is_forced: true };
  return runner.request("/checkpoints", { method: "POST", body: JSON.stringify(request) });
}

/** The first half at once, the rest at `end`. */
function slowly(bytes: Buffer): { body: ReadableStream<Uint8Array>; end(): void } {
  const [first, second] = [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)];
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  void writer.write(first);
  const end = () =>
    void writer.write(second).then(
      () => writer.close(),
      () => {},
    );
  return { body: readable, end };
}

const INSTALL =
  "mkdir -p ~/.local/bin && printf '#!/bin/sh\\necho installed' > ~/.local/bin/mine && chmod +x ~/.local/bin/mine";
const owners = ({ workspace }: TestRunner, ...names: string[]): number[] =>
  names.map((name) => lstatSync(join(workspace, name)).uid);

const MANY_KINDS = `
umask 077
mkdir -p private/deep empty/deeper locked; echo secret > private/deep/key; chmod 0400 private/deep/key
printf '#!/bin/sh\\necho works' > run.sh; chmod 0755 run.sh; ln run.sh empty/same.sh
ln -s private/deep/key link; ln -s /etc/passwd outside; ln -s nowhere dangling
echo kept > locked/inside; chmod 0555 locked
touch -- '-rf' 'two words' "$(printf 'new\\nline')" "$(printf '\\377\\376')" größe '*'
git init -q repo && cd repo && echo 1 > f && git add f && git -c user.name=a -c user.email=a@b commit -qm first`;

it("what turns have made comes back on another disk, and the next turn can change it", async () => {
  const { runner } = lab;
  await run(runner, MANY_KINDS);
  if (inDocker) await run(runner, INSTALL);
  const base = await saveAll(runner, null);
  expect(base.notes).toEqual([]);
  expect(await saveDisk(runner, base.id)).toBeUndefined();
  await run(runner, "echo more >> private/deep/new; rm -rf empty; mv run.sh moved.sh; chmod 0700 'two words'");
  const delta = await saveAll(runner, base.id);
  expect(delta.bytes.length).toBeLessThan(base.bytes.length / 2);
  await withAnother(async (other) => {
    await restoreDisk(other, [base, delta]);
    expect(look(other)).toEqual(look(runner));
    expect(await heldBy(other)).toEqual([delta.id]);
    const names = ["private", "moved.sh", "link"];
    expect(owners(other, ...names)).toEqual(owners(runner, ...names));
    expect(await saveDisk(other, delta.id)).toBeUndefined();
    const read = "cat private/deep/key private/deep/new && ./moved.sh";
    const change = "echo x >> private/deep/new && chmod u+w locked && rm -r locked";
    expect(await run(other, `${read} && ${change}`)).toBe("secret\nmore\nworks\n");
    await run(other, "cd repo && git status --porcelain && git fsck --strict");
    expect((await saveAll(other, delta.id)).bytes.length).toBeLessThan(base.bytes.length);
  });
});

it("a directory that nobody may enter is named as not saved, and is no obstacle to a restore", async () => {
  await withAnother(async (other) => {
    await run(
      other,
      "echo kept > seen && mkdir -p closed/deep && echo x > closed/deep/f && chmod 0 closed/deep closed",
    );
    const saved = await saveAll(other, null);
    if (process.geteuid?.() !== 0 || inDocker) expect(saved.notes.join()).toContain("closed: cannot be read");
    await restoreDisk(other, [saved]);
    expect(await run(other, "cat seen")).toBe("kept\n");
  });
});

it.runIf(inDocker)("nothing that a turn leaves in the place of a restore leads out of it", async () => {
  await withAnother(async (other) => {
    await run(other, "echo kept > file && mkdir /tmp/mine && echo precious > /tmp/mine/file");
    const saved = await saveAll(other, null);
    const traps =
      "rm -rf workspace home; ln -s /tmp/mine workspace; ln -s /tmp/mine home; mkdir -p -m 0 deep/closed; ln file x";
    await run(other, `cd ../staging && { ${traps}; true; }`);
    await restoreDisk(other, [saved]);
    expect(await run(other, "cat file && ls /tmp/mine && cat /tmp/mine/file && ls ../staging")).toBe(
      "kept\nfile\nprecious\nhome\nworkspace\n",
    );
  });
});

it("an archive that was changed is refused, and then nothing has changed", async () => {
  await withAnother(async (other) => {
    await run(other, "echo before > file");
    const saved = await saveAll(other, null);
    await run(other, "echo after > file");
    const before = look(other);
    await beginRestore(other);
    const bytes = Buffer.from(saved.bytes);
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    const refused = await putArchive(other, { ...saved, bytes });
    expect([refused.status, await refused.json()]).toMatchObject([422, { code: "corrupt" }]);
    expect(look(other)).toEqual(before);
    await restoreDisk(other, [saved]);
    expect(await run(other, "cat file")).toBe("before\n");
  });
});

it("a disk process that is killed leaves the files as they were, and what was begun can begin anew", async () => {
  await withAnother(async (other) => {
    await run(
      other,
      "mkdir many && for i in $(seq 2000); do echo $i > many/$i; done; head -c 30000000 /dev/urandom > big",
    );
    const base = await saveAll(other, null);
    const before = look(other);
    const [, failed] = await Promise.all([diskPid(other).then((pid) => kill(pid, "SIGKILL")), create(other, base.id)]);
    expect(failed.status).toBe(500);
    expect(await heldBy(other)).toEqual([base.id]);
    expect(await saveDisk(other, base.id)).toBeUndefined();
    await beginRestore(other);
    const { body, end } = slowly(base.bytes);
    const unpacking = putArchive(other, base, body);
    kill(await diskPid(other), "SIGKILL");
    end();
    expect((await unpacking).status).toBe(500);
    expect(look(other)).toEqual(before);
    await restoreDisk(other, [base]);
    expect(look(other)).toEqual(before);
  });
});

it("a disk process and the end of a turn do not hurt each other", async () => {
  await withAnother(async (other) => {
    await run(other, "head -c 3000000 /dev/urandom > big");
    const base = await saveAll(other, null);
    const before = look(other);
    await beginRestore(other);
    const { body, end } = slowly(base.bytes);
    const unpacking = putArchive(other, base, body);
    await diskPid(other);
    await run(other, "sleep 0.1");
    end();
    expect((await unpacking).status).toBe(200);
    expect((await finishRestore(other, base.id)).status).toBe(200);
    expect(look(other)).toEqual(before);
  });
});
