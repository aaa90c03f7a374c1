// import_repository and get_diff, with a real git server over https.
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { type Agent, inStore, run, turn } from "./support/agents.ts";
import { fallAsleep, loseContainer, write } from "./support/checkpoints.ts";
import { agentNamed, callTool, look, newUser } from "./support/fleet.ts";
import { lab, repository } from "./support/lab.ts";
import { workerLog } from "./support/worker-log.ts";

const it = test.concurrent;

describe("import_repository", () => {
  it("clones a repository, which is there after the disk is lost", async () => {
    const { user, agent } = newcomer();
    const url = await repository("echo one > a.txt; mkdir src; echo two > src/b.ts");
    const done = await look(user, "import_repository", { url });
    expect(done).toMatchObject({
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
      branch: "main",
      files: 2,
      checkpoint_id: expect.stringMatching(/^ckpt_/),
    });
    await loseContainer(agent);
    expect(await look(user, "read_files", { paths: ["src/b.ts"] })).toMatchObject({ files: [{ content: "two\n" }] });
    expect(await lab.shell(agent, "git log --oneline | wc -l; git status --short; git remote get-url origin")).toBe(
      `1\n${url}\n`,
    );
  });

  it("takes a branch into a directory, and replaces what is there only where that is asked for", async () => {
    const { user, agent } = newcomer();
    const url = await repository(
      "echo old > a.txt; git add -A; git commit -qm Old; git branch old; echo new > a.txt; git tag -a v1 -m v1",
    );
    const call = { url, ref: "old", directory: "vendor/lib" };
    await look(user, "import_repository", call);
    expect(await lab.shell(agent, "cat vendor/lib/a.txt")).toBe("old\n");
    expect(await callTool(user, "import_repository", call)).toMatchObject({
      failure: "conflict",
      text: expect.stringContaining("replace"),
    });
    await lab.shell(agent, "echo mine > vendor/lib/mine");
    const { checkpoint_id } = await look(user, "import_repository", { ...call, ref: "main", replace: true });
    expect(await lab.shell(agent, "cd vendor/lib; ls; cat a.txt")).toBe("a.txt\nnew\n");
    const { checkpoints } = await look<{ checkpoints: { checkpoint_id: string; reason: string }[] }>(
      user,
      "list_checkpoints",
    );
    expect(checkpoints).toMatchObject([
      { checkpoint_id, reason: "import" },
      { reason: "before_change" },
      { reason: "import" },
    ]);
    await look(user, "rollback", { checkpoint_id: checkpoints[1]?.checkpoint_id });
    expect(await lab.shell(agent, "cat vendor/lib/mine")).toBe("mine\n");
  });

  it("uses a token once, and it is found nowhere afterwards", async () => {
    const { user, agent } = newcomer();
    const token = `ghp_${crypto.randomUUID()}`;
    const url = await repository("echo private > a.txt", token);
    expect(await callTool(user, "import_repository", { url })).toMatchObject({ failure: "invalid_input" });
    const wrong = await callTool(user, "import_repository", { url, token: `x${token}` });
    const done = await callTool(user, "import_repository", { url, token });
    expect([wrong.failure, done.failure]).toEqual(["invalid_input", null]);
    expect(JSON.stringify([wrong, done])).not.toContain(token);
    expect(workerLog().join("\n")).not.toContain(token);
    expect(await lab.shell(agent, `grep -rF ${token} .. || echo nowhere`)).toBe("nowhere\n");
    expect(await inStore(agent, (_, sql) => everything(sql))).not.toContain(token);
    const stored = await runInDurableObject(agent, async (_, { storage }) => [...(await storage.list()).entries()]);
    expect(JSON.stringify(stored)).not.toContain(token);
  });

  it("runs nothing of a hostile repository", async () => {
    const { user, agent } = newcomer();
    const mark = `/tmp/owned-${crypto.randomUUID()}`;
    const url = await repository(
      `mkdir hooks; printf '#!/bin/sh\\ntouch ${mark}\\n' > hooks/post-checkout; chmod +x hooks/post-checkout;
       printf '* filter=evil\\n' > .gitattributes; printf '[filter "evil"]\\n smudge = touch ${mark}\\n' > .gitconfig; echo > x`,
    );
    await look(user, "import_repository", { url });
    expect(await lab.shell(agent, `ls; test -e ${mark} || echo safe; ls .git/hooks 2>/dev/null | wc -l`)).toBe(
      "hooks\nx\nsafe\n0\n",
    );
  });

  it.each<[string, string]>([
    ["no host", "https://git.invalid/a.git"],
    ["a private address", "https://10.0.0.1/a.git"],
    ["the machine itself", "https://127.0.0.1:1/a.git"],
    ["metadata", "https://169.254.169.254/latest/meta-data"],
  ])("says so where the URL leads to %s", async (_, url) => {
    const { user, agent } = newcomer();
    const { failure, text } = await callTool(user, "import_repository", { url });
    expect([failure, text]).toEqual([
      expect.stringMatching(/^(?:invalid_input|remote_unavailable)$/),
      expect.stringMatching(/\.$/),
    ]);
    expect(await lab.shell(agent, "ls -A")).toBe("");
  });

  it("says so where there is no such branch", async () => {
    const { user } = newcomer();
    const url = await repository("echo > x");
    expect(await callTool(user, "import_repository", { url, ref: "nowhere" })).toMatchObject({ failure: "not_found" });
  });
});

describe("get_diff", () => {
  it("shows what changed since the import, page by page, and since a turn", async () => {
    const { user, agent } = newcomer();
    await look(user, "import_repository", { url: await repository("echo one > a.txt; echo keep > b.txt") });
    expect(await look(user, "get_diff")).toMatchObject({ since: "import", diff: "", total_changed: 0 });
    const { turn_id } = await write(agent, "echo two > a.txt");
    await look(user, "write_files", { files: [{ path: "c.txt", content: "three\n" }] });
    const whole = await look<{ diff: string }>(user, "get_diff");
    expect(whole).toMatchObject({
      since: "import",
      changed_files: [
        { path: "a.txt", action: "modify" },
        { path: "c.txt", action: "create" },
      ],
      diff: expect.stringMatching(/^-one$\n^\+two$/m),
    });
    expect(await look(user, "get_diff", { turn_id })).toMatchObject({
      since: turn_id,
      changed_files: [{ path: "c.txt", action: "create" }],
    });
    const offset = whole.diff.length - 5;
    expect(await look(user, "get_diff", { offset })).toMatchObject({
      diff: whole.diff.slice(offset),
      changed_files: [],
    });
  });

  it("knows the same after sleep and on another disk", async () => {
    const { user, agent } = newcomer();
    await look(user, "import_repository", { url: await repository("echo one > a.txt") });
    await write(agent, "echo two > a.txt");
    const before = await look(user, "get_diff");
    await fallAsleep(agent);
    await lab.wipeDisk(agent);
    expect(await look(user, "get_diff")).toEqual(before);
  });

  it("counts from the import that the files come from, also after a rollback past the last one", async () => {
    const { user, agent } = newcomer();
    await look(user, "import_repository", { url: await repository("echo one > a.txt") });
    const { turn_id } = await write(agent, "echo two > a.txt");
    const replace = { url: await repository("echo other > o.txt"), replace: true };
    await look(user, "import_repository", replace);
    expect(await look(user, "get_diff")).toMatchObject({ total_changed: 0 });
    await look(user, "rollback", { turn_id });
    expect(await look(user, "get_diff")).toMatchObject({ changed_files: [{ path: "a.txt", action: "modify" }] });
  });

  it("counts from the beginning where nothing was imported", async () => {
    const { user } = newcomer();
    await look(user, "write_files", { files: [{ path: "a.txt", content: "a\n" }] });
    expect(await look(user, "get_diff")).toMatchObject({ since: "beginning", changed_files: [{ path: "a.txt" }] });
  });

  it("says so for what is not there, and beside a turn shows how far it is", async () => {
    const { user, agent } = newcomer();
    const { turn_id } = await run(agent, turn([{ say: "Hi." }], { user_id: user.userId, agent_id: "default" }));
    expect(await callTool(user, "get_diff", { turn_id: "turn_0" })).toMatchObject({ failure: "not_found" });
    expect(await callTool(user, "get_diff", { checkpoint_id: "ckpt_0" })).toMatchObject({ failure: "not_found" });
    expect(await look(user, "get_diff", { turn_id })).toMatchObject({ since: turn_id, total_changed: 0 });
  });
});

function newcomer() {
  const user = newUser();
  const agent: Agent = agentNamed(user, "default");
  return { user, agent };
}

/** All rows of all tables, as text. */
function everything(sql: SqlStorage): string {
  const tables = sql.exec<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
  );
  return JSON.stringify(tables.toArray().map(({ name }) => sql.exec(`SELECT * FROM "${name}"`).toArray()));
}
