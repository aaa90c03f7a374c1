// Repositories that somebody made to do harm, and tokens: nothing of the first is run, nothing of the second is left.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { processesNaming } from "../../../support/processes.ts";
import { refusalOf } from "./files-lab.ts";
import { useImportLab } from "./import-lab.ts";

const files = useImportLab();
const { git, place, workTree } = files;
const TOKEN = "tok-0123456789-abcdefghij";

describe("a token", () => {
  it("opens what it is for, and is nowhere afterwards", { timeout: 60_000 }, async () => {
    const url = files.server.add("private", "echo x > f", { token: TOKEN });
    expect(await refusalOf(files.import({ url }))).toMatchObject({ status: 403, code: "auth_failed" });
    const wrong = await refusalOf(files.import({ url, token: "wrong-token-123456" }));
    expect(wrong).toMatchObject({ status: 403, code: "auth_failed" });
    await files.import({ url, token: TOKEN });
    expect(workTree()).toEqual({ f: "x\n" });
    const basic = Buffer.from(`x-access-token:${TOKEN}`).toString("base64");
    for (const secret of [TOKEN, basic]) {
      const found = execFileSync("sh", ["-c", 'grep -rlF -e "$0" "$1" || true', secret, files.lab.runner.dataDir]);
      expect(found.toString()).toBe("");
      expect(files.lab.runner.output.join("\n")).not.toContain(secret);
      expect(processesNaming(secret)).toEqual([]);
    }
    expect(JSON.stringify(await files.lab.runner.logTail(1_000))).not.toContain(TOKEN);
  });

  it("is on no command line and in no file while it is used", async () => {
    const url = files.server.add("slow", "head -c 3000000 /dev/urandom > f", { token: TOKEN });
    files.server.stallAfter(200_000);
    const gone = new AbortController();
    const body = JSON.stringify({ url, token: TOKEN });
    const call = files.lab.runner.request("/files/import", { method: "POST", body, signal: gone.signal });
    call.catch(() => {});
    await expect.poll(() => processesNaming("git-remote-https").length, { timeout: 15_000 }).toBeGreaterThan(0);
    const found = execFileSync("sh", ["-c", 'grep -rlF -e "$0" "$1" || true', TOKEN, files.lab.runner.dataDir]);
    expect(found.toString()).toBe("");
    expect(processesNaming(TOKEN)).toEqual([]);
    gone.abort();
    files.server.stallAfter(undefined);
    // Nobody waits any more: what was begun ends, and leaves nothing.
    await expect.poll(() => processesNaming(url.slice("https://".length)), { timeout: 10_000 }).toEqual([]);
    await expect.poll(() => readdirSync(join(files.lab.runner.dataDir, "incoming")), { timeout: 10_000 }).toEqual([]);
    expect(readdirSync(place())).toEqual([]);
  });
});

describe("a hostile repository", () => {
  const blob = "blob=$(echo evil | git hash-object -w --stdin)";
  const tree = (entry: string) =>
    `${blob}; tree=$(printf '${entry}' "$blob" | git mktree --missing); git update-ref refs/heads/evil $(git commit-tree -m x $tree)`;
  it.each([
    ["has .git in its tree", tree("100644 blob %s\\t.git")],
    ["has .GIT in its tree", tree("100644 blob %s\\t.GIT")],
    ["has git~1 in its tree", tree("100644 blob %s\\tgit~1")],
    ["has .. in its tree", tree("100644 blob %s\\t..")],
    ["has a link for .gitmodules", tree("120000 blob %s\\t.gitmodules")],
    [
      "has options for the url of a submodule",
      `printf '[submodule "x"]\\n\\tpath = x\\n\\turl = --upload-pack=evil\\n' > .gitmodules; git add .; git commit -qm x; git branch evil; rm .gitmodules`,
    ],
    [
      "has a submodule whose name leads up",
      `printf '[submodule "../../x"]\\n\\tpath = x\\n\\turl = https://example.com\\n' > .gitmodules; git add .; git commit -qm x; git branch evil; rm .gitmodules`,
    ],
  ])("that %s is refused", async (name, script) => {
    const url = files.server.add(
      `hostile-${Buffer.from(name).toString("hex")}`,
      `git config core.protectHFS false; git config core.protectNTFS false; ${script}`,
    );
    expect(await refusalOf(files.import({ url, ref: "evil" }))).toMatchObject({
      status: 422,
      code: "repository_refused",
    });
    expect(readdirSync(place())).toEqual([]);
  });

  it("runs nothing: no filter, hook, monitor or submodule", async () => {
    const mark = join(files.lab.runner.dataDir, "started-by-the-repository");
    const url = files.server.add(
      "runs",
      `printf '* filter=evil diff=evil merge=evil\\n' > .gitattributes; printf '[filter "evil"]\\n smudge = touch ${mark}\\n' > .gitconfig
       mkdir -p hooks .husky bare/objects bare/refs; printf '#!/bin/sh\\ntouch ${mark}\\n' | tee hooks/post-checkout > .husky/post-checkout; chmod +x hooks/* .husky/*
       echo 'ref: refs/heads/main' > bare/HEAD; touch bare/objects/x bare/refs/x; printf '[core]\\n\\tbare = true\\n\\tfsmonitor = touch ${mark}\\n' > bare/config
       printf '[submodule "s"]\\n\\tpath = s\\n\\turl = https://example.com/s\\n\\tupdate = none\\n' > .gitmodules`,
    );
    const { notes } = await files.import({ url });
    expect(existsSync(mark)).toBe(false);
    expect(workTree()).toMatchObject({ "hooks/post-checkout": expect.any(String) });
    expect(git("", "config", "--file", place("bare/config"), "--name-only", "--list")).toBe("core.bare");
    expect(notes.join("\n")).toContain("core.fsmonitor");
  });

  it("whose links lead out comes with its links, and nothing is read or written through them", async () => {
    writeFileSync(join(files.lab.runner.dataDir, "secret"), "SECRET");
    const url = files.server.add("links", "ln -s ../secret up; ln -s / root; ln -s f fine; echo x > f");
    const { notes } = await files.import({ url });
    expect(notes.join("\n")).toMatch(/up: .*leads out/);
    const read = await files.read({ files: ["up", "root/etc/passwd", "fine"].map((path) => ({ path })) });
    expect(read.files).toMatchObject([{ status: "outside" }, { status: "outside" }, { status: "ok", content: "x\n" }]);
    expect(await refusalOf(files.write({ files: [{ path: "root/tmp/evil", content: "" }] }))).toMatchObject({
      code: "conflict",
    });
  });

  it("whose tree is a bomb is refused before it is written", async () => {
    const bomb = `echo x > f; tree=$(git hash-object -w f); tree=$(printf "100644 blob $tree\\tf" | git mktree)
      for depth in 1 2 3 4 5 6 7; do
        tree=$(for n in 0 1 2 3 4 5 6 7; do printf "040000 tree $tree\\t$n\\n"; done | git mktree)
      done; git update-ref refs/heads/bomb $(git commit-tree -m x $tree)`;
    const url = files.server.add("bomb", bomb);
    expect(await refusalOf(files.import({ url, ref: "bomb" }))).toMatchObject({ status: 413, code: "too_large" });
  });
});
