// Repositories that come into the workspace from a real files.server.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { refusalOf } from "./files-lab.ts";
import { useImportLab } from "./import-lab.ts";
import { readTree, writeFiles } from "./lab.ts";

const files = useImportLab();
const { git, place, workTree } = files;

/** Two branches and a tag, each with a commit of its own. */
const HISTORY = `
  echo 1 > f; git add .; git commit -qm one; git tag v1
  git checkout -qb other/branch; echo 2 > f; git commit -qam two; git checkout -q main; echo 3 > f`;

describe("an import", () => {
  it("brings the default branch with its history and a remote to fetch from", async () => {
    const url = files.server.add("plain", `${HISTORY}; mkdir d; echo x > d/run.sh; chmod +x d/run.sh; ln -s f link`);
    const answer = await files.import({ url });
    expect(answer).toMatchObject({ branch: "main", directory: "", files: 3, notes: [] });
    expect(workTree()).toEqual({ f: "3\n", "d/run.sh": "x\n" });
    expect(git("", "rev-parse", "HEAD")).toBe(answer.commit);
    expect(git("", "status", "--porcelain", "--branch")).toBe("## main...origin/main");
    expect(git("", "log", "--format=%s", "main")).toBe("Begin\none");
    expect(git("", "branch", "-r", "--format=%(refname)")).toContain("refs/remotes/origin/other/branch");
    expect(git("", "tag")).toBe("v1");
    expect(git("", "remote", "get-url", "origin")).toBe(url);
    expect(existsSync(place(".git/hooks"))).toBe(false);
  });

  it.each([
    ["other/branch", "2\n", "other/branch"],
    ["v1", "1\n", null],
    ["refs/tags/v1", "1\n", null],
  ])("of %s brings that", async (ref, content, branch) => {
    const url = files.server.add(`ref-${ref.replaceAll("/", "-")}`, HISTORY);
    expect(await files.import({ url, ref, directory: "in/here" })).toMatchObject({ branch, directory: "in/here" });
    expect(workTree("in/here")).toEqual({ f: content });
  });

  it("of a commit id brings that, also without its history", { timeout: 60_000 }, async () => {
    const url = files.server.add("commit", HISTORY);
    const { commit } = await files.import({ url, ref: "v1", directory: "a" });
    expect(await files.import({ url, ref: commit, directory: "b" })).toMatchObject({ commit, branch: null });
    expect(await files.import({ url, ref: commit, directory: "c", depth: 1 })).toMatchObject({ commit, branch: null });
    await files.import({ url, directory: "d", depth: 1 });
    expect([workTree("b"), workTree("c"), workTree("d")]).toEqual([{ f: "1\n" }, { f: "1\n" }, { f: "3\n" }]);
    expect(git("d", "rev-list", "--count", "--all")).toBe("1");
    const missing = files.import({ url, ref: "0".repeat(40), directory: "e" });
    expect(await refusalOf(missing)).toMatchObject({ status: 404, code: "ref_missing" });
  });

  it("does not overwrite, unless it is to replace", { timeout: 60_000 }, async () => {
    const url = files.server.add("over", "echo new > f");
    writeFiles(place(), { "d/mine": "1", other: "1" });
    files.lab.runner.giveWorkspace();
    for (const directory of ["", "d", "other"]) {
      expect(await refusalOf(files.import({ url, directory }))).toMatchObject({ status: 409, code: "not_empty" });
    }
    await files.import({ url, directory: "d", replace: true });
    expect(workTree()).toMatchObject({ "d/f": "new\n", other: "1" });
    expect(existsSync(place("d/mine"))).toBe(false);
    await files.import({ url, replace: true });
    expect(workTree()).toEqual({ f: "new\n" });
  });

  it("follows a redirect on the same host, and none to another", async () => {
    const url = files.server.add("moved", "echo x > f");
    files.server.redirect("short", "/moved");
    files.server.redirect("away", "https://example.com/moved");
    files.server.redirect("circle", "/circle");
    await files.import({ url: `${files.server.url}/short`, directory: "a" });
    expect(workTree("a")).toEqual({ f: "x\n" });
    expect(git("a", "remote", "get-url", "origin")).toBe(`${files.server.url}/short`);
    expect(await refusalOf(files.import({ url: `${files.server.url}/away`, directory: "b" }))).toMatchObject({
      code: "url_refused",
    });
    expect(await refusalOf(files.import({ url: `${files.server.url}/circle`, directory: "b" }))).toMatchObject({
      code: "import_failed",
    });
    expect(url).toContain("moved");
  });

  it.each([
    ["http://example.com/x"],
    ["ssh://git@example.com/x"],
    ["git@github.com:x/y"],
    ["file:///etc"],
    ["ext::sh -c evil"],
    ["--upload-pack=evil"],
    ["https://user:password@example.com/x"],
    ["https://example.com/x?y=1"],
    ["https://example.com/"],
    ["https://example.com:8443/x"],
    ["https://localhost/x"],
    ["https://127.0.0.1/x"],
    ["https://0x7f.1/x"],
    ["https://2130706433/x"],
    ["https://10.1.2.3/x"],
    ["https://169.254.169.254/latest"],
    ["https://[::1]/x"],
    ["https://[::ffff:127.0.0.1]/x"],
    ["https://[fd00::1]/x"],
    ["https://metadata.google.internal/x"],
    ["https://router/x"],
    ["https://printer.local/x"],
  ])("of %s is refused", async (url) => {
    const refused = await refusalOf(files.import({ url, token: "secret-token" }));
    expect(refused).toMatchObject({ status: 422, code: "url_refused" });
    expect(refused.message).not.toContain("password");
  });

  it.each([
    "--upload-pack=touch /tmp/evil",
    "-x",
    "a b",
    "a..b",
    "a:b",
    "+main",
    "a~1",
    "HEAD^",
    "@{-1}",
    "x.lock",
    "/x",
    "a\nb",
  ])("of ref %j is refused", async (ref) => {
    const url = files.server.add(`bad-ref-${Buffer.from(ref).toString("hex")}`, "echo x > f");
    const refused = await refusalOf(files.import({ url, ref }));
    expect(["ref_refused", "ref_missing"]).toContain(refused.code);
    expect(readTree(place())).toEqual({});
  });

  it.each(["../up", "/abs", "a/../../b", ".git", "a/.git/b"])("into %j is refused", async (directory) => {
    const url = `${files.server.url}/nothing`;
    expect(await refusalOf(files.import({ url, directory }))).toMatchObject({ status: 422, code: "path_refused" });
  });

  it("of what is not there, or of nothing, says so", async () => {
    expect(await refusalOf(files.import({ url: `${files.server.url}/nothing` }))).toMatchObject({
      code: "auth_failed",
    });
    const url = files.server.add("there", "echo x > f");
    expect(await refusalOf(files.import({ url, ref: "nowhere" }))).toMatchObject({ status: 404, code: "ref_missing" });
    expect(await refusalOf(files.import({ url: "https://host.invalid/x" }))).toMatchObject({ code: "unreachable" });
    expect(readdirSync(place())).toEqual([]);
    expect(readdirSync(join(files.lab.runner.dataDir, "incoming"))).toEqual([]);
  });
});
