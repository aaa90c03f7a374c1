// What code that Codex runs can see and reach of the container around it. Every attempt is made from inside a turn.
import { execFileSync } from "node:child_process";
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandLine, descendantsOf } from "../support/processes.ts";
import { bodiesOf, continuing, type TurnRecord } from "../support/turn-record.ts";
import { textOf, useLab, writeFiles } from "../unit/container/runner/lab.ts";

const lab = useLab();

/** What the turn's commands printed. */
function printed(turn: TurnRecord): string {
  return bodiesOf(turn, "command_finished")
    .map(({ output_tail }) => output_tail)
    .join("\n");
}

async function run(access: "read" | "write", ...commands: string[]): Promise<string> {
  const turn = await lab.run([...commands.map((command) => ({ run: command })), { say: "done" }], { access });
  expect(turn.settled).toMatchObject({ status: "completed", answer: "done" });
  return printed(turn);
}

/** The process ids of init, the runner, Codex and Codex's helpers, as they are inside. */
function protectedPids(): string[] {
  const ours = descendantsOf(lab.runner.pid).filter((pid) => !commandLine(pid).includes("exec-server"));
  return ours.map((pid) => /^NSpid:.*\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "none");
}

/** Tries to look into a process in every way there is. */
function looksAt(pid: string): string {
  const attach =
    "import ctypes, sys; print('not-' * (ctypes.CDLL(None).ptrace(16, int(sys.argv[1]), 0, 0) != 0) + 'attached')";
  return [
    `ps -o user= -p ${pid}`,
    ...["environ", "mem", "maps"].map((file) => `(: < /proc/${pid}/${file}) 2> /dev/null && echo seen-${file}`),
    ...["fd", "cwd"].map((directory) => `ls /proc/${pid}/${directory}/ > /dev/null 2>&1 && echo seen-${directory}`),
    `python3 -c "${attach}" ${pid}`,
  ].join("; ");
}

describe.each([
  ["read", "reader"],
  ["write", "agent"],
] as const)("a command with %s access", (access, user) => {
  it("runs as a user of its own without any rights, and cannot gain any", async () => {
    const found = await run(
      access,
      "id -un; id -Gn; grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status",
      "find / -xdev -perm /6000 -type f 2>/dev/null; echo searched",
    );
    expect(found).toMatch(new RegExp(`^${user}\n${user}\nCapEff:\t0+\n`));
    expect(found).toContain("NoNewPrivs:\t1");
    expect(found).toMatch(/\nsearched\n$/);
  });

  it("sees neither environment, memory nor files of init, the runner and Codex", async () => {
    const pids = protectedPids();
    expect(pids.length).toBeGreaterThanOrEqual(3);
    const own = await run(access, `sleep 5 > /dev/null 2>&1 & ${looksAt("$!")}; kill -9 $!`);
    // Some systems let a process attach to its descendants only.
    const all = `${user}\nseen-environ\nseen-mem\nseen-maps\nseen-fd\nseen-cwd\n`;
    expect([`${all}attached\n`, `${all}not-attached\n`]).toContain(own);
    for (const pid of pids) expect(await run(access, looksAt(pid))).toMatch(/^(root|runner)\nnot-attached\n$/);
  });

  it("sees nothing of the conversation and of Codex's settings", async () => {
    const directory = lab.runner.dataDir;
    const found = await run(
      access,
      `for path in ${directory} ${directory}/codex-home ${directory}/scratch ${directory}/scratch/sqlite ${directory}/scratch/baseline /run/runner; do ls $path > /dev/null 2>&1 && echo seen-$path; done; cat ${directory}/codex-home/environments.toml 2>&1`,
    );
    expect(found).not.toContain("seen-");
    expect(found).toContain("Permission denied");
  });

  it("gets nothing from the runner's port without its token", async () => {
    const routes = ["GET /health", "GET /logs", "POST /turns", "POST /turns/t/cancel", "POST /turns/t/approvals/a"];
    const found = await run(
      access,
      ...routes.map((route) => {
        const [method, path] = route.split(" ");
        return `curl -s -o /dev/null -w '%{http_code}\\n' -X ${method} http://127.0.0.1:8080${path}`;
      }),
    );
    expect(found.trim().split(/\s+/)).toEqual(routes.map(() => "401"));
  });

  it("cannot ask init for another user", async () => {
    const connect = `python3 -c "import socket; socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect('/run/runner/init.sock')" 2>&1`;
    const found = await run(access, "/app/run-as agent / id 2>&1; echo code $?", connect);
    expect(found).toContain("run-as: connect: Permission denied\ncode 125");
    expect(found).toContain("PermissionError");
  });

  it("cannot end init, the runner or Codex, and the next turn has its commands again", async () => {
    const before = lab.runner.codexPid;
    const steps = [{ run: `kill -9 ${protectedPids().join(" ")} 2>&1` }, { run: "kill -9 -1" }, { say: "tried" }];
    const turn = await lab.run(steps, { access });
    expect(turn.settled).toMatchObject({ status: "completed", answer: "tried" });
    expect(printed(turn)).toContain("not permitted");
    expect(lab.runner.codexPid).toBe(before);
    const next = await lab.run([{ run: "echo alive-$((40 + 2))" }, { say: "done" }], { access, ...continuing(turn) });
    expect(printed(next)).toBe("alive-42\n");
  });
});

it("what a writing turn leaves in /tmp can be read but not changed by one that reads", async () => {
  await run("write", "echo mine > /tmp/left; mkdir /tmp/left-dir");
  const found = await run(
    "read",
    "cat /tmp/left; echo x >> /tmp/left; rm -rf /tmp/left /tmp/left-dir; ls -d /tmp/left*",
  );
  expect(found).toContain("mine\n");
  expect(found).toContain("/tmp/left\n/tmp/left-dir\n");
  expect(await run("write", "cat /tmp/left")).toBe("mine\n");
});

it("Codex lends its own rights to nothing that a repository links to", async () => {
  const { dataDir, workspace } = lab.runner;
  const skill = (text: string) => ({ "SKILL.md": `---\nname: skill\ndescription: ${text}\n---\nbody\n` });
  writeFiles(join(dataDir, "codex-home", "private"), skill("SEEN-WITH-THE-RIGHTS-OF-CODEX"));
  execFileSync("chown", ["-R", `--reference=${dataDir}`, join(dataDir, "codex-home", "private")]);
  writeFiles(join(workspace, ".agents/skills/open"), skill("SEEN-WITH-THE-RIGHTS-OF-COMMANDS"));
  symlinkSync(join(dataDir, "codex-home", "private"), join(workspace, ".agents/skills/linked"));
  lab.runner.giveWorkspace();
  const told = lab
    .requestsOf(await lab.run([{ say: "done" }]))
    .map(textOf)
    .join();
  expect(told).toContain("SEEN-WITH-THE-RIGHTS-OF-COMMANDS");
  expect(told).not.toContain("SEEN-WITH-THE-RIGHTS-OF-CODEX");
});

it("what a turn detached from everything ends with it", async () => {
  const loop = "while :; do date +%N > ticks.txt; sleep 0.05; done";
  await run("write", `setsid nohup bash -c '${loop}' > /dev/null 2>&1 < /dev/null & sleep 0.3; ls ticks.txt`);
  const ticks = (): string => readFileSync(`${lab.runner.workspace}/ticks.txt`, "utf8");
  const last = ticks();
  expect(last).not.toBe("");
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(ticks()).toBe(last);
  expect(await run("read", "ps -eo user=,args= | grep -c '[t]icks.txt'")).toBe("0\n");
});

it("with write access may install things for itself in its home, which turns that read can use", async () => {
  await run(
    "write",
    "mkdir -p ~/.local/bin; printf '#!/bin/sh\\necho installed' > ~/.local/bin/mine; chmod +x ~/.local/bin/mine",
  );
  expect(await run("read", "~/.local/bin/mine; echo x > ~/.local/bin/mine || echo kept")).toContain("installed\n");
});
