// Clones a repository into an empty directory, step by step, each bounded and with nothing of the repository being run.
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { FILE_LIMITS } from "../../lib/files-protocol.ts";
import { HttpFailure } from "../../lib/http.ts";
import { type GitOptions, type GitResult, runGit } from "./git-process.ts";
import { chooseRef, type ImportRef, missing, patternsOf } from "./import-ref.ts";

export interface CloneOptions extends Omit<GitOptions, "watch"> {
  /** Where the remote is, and what it is to be called in the repository. */
  remote: URL;
  url: string;
  ref: string | null;
  depth: number | null;
}

/** Names of files that lead into .git, settings of submodules with options in them, and whatever else fsck finds. */
const UNSOUND = /^(error|fatal): (.*fsck error|error in |invalid path|.*object corrupt)/m;

export interface Cloned {
  commit: string;
  branch: string | null;
}

/** Throws HttpFailure. Then the directory is of no use. */
export async function cloneRepository(options: CloneOptions): Promise<Cloned> {
  mkdirSync(options.directory, { recursive: true });
  const git = (args: readonly string[], onStdout?: (text: string) => void): Promise<GitResult> =>
    runGit(args, { ...options, watch: () => requireRoom(options.directory) }, onStdout);
  const must = async (...args: string[]): Promise<string> => {
    const result = await git(args);
    if (result.code !== 0) throw failureOf(result, `git ${args[0]} failed; the log has what it said.`);
    return result.stdout;
  };
  const listing = await must("ls-remote", "--symref", "--", options.remote.href, ...patternsOf(options.ref));
  const ref = chooseRef(options.ref, listing);
  await must("init", "--quiet", "--template=", "--initial-branch", ref.kind === "branch" ? ref.name : "main");
  await must("remote", "add", "--", "origin", options.url);
  await fetchRef(options, ref, git);
  const commit = (await must("rev-parse", "--verify", `${placeOf(ref)}^{commit}`)).trim();
  await requireBounded(commit, git);
  await must(...checkoutOf(ref, commit));
  if (ref.kind === "branch" && ref.isDefault) {
    await must("symbolic-ref", "refs/remotes/origin/HEAD", `refs/remotes/origin/${ref.name}`);
  }
  return { commit, branch: ref.kind === "branch" ? ref.name : null };
}

type Git = (args: readonly string[], onStdout?: (text: string) => void) => Promise<GitResult>;

async function fetchRef({ remote, depth }: CloneOptions, ref: ImportRef, git: Git): Promise<void> {
  const fetch = (...refspecs: string[]): Promise<GitResult> => {
    // With progress, git notices when nobody reads what it says, and ends.
    const quiet = ["--progress", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance"];
    const history = depth === null ? ["--tags"] : [`--depth=${depth}`, "--no-tags"];
    return git(["fetch", ...quiet, ...history, "--", remote.href, ...refspecs]);
  };
  const own = refspecOf(ref);
  const everything = "+refs/heads/*:refs/remotes/origin/*";
  const wanted = depth !== null ? own : ref.kind === "branch" ? [everything] : [everything, ...own];
  // Of commits, not every remote gives out those that no ref names.
  const fetched = await fetch(...wanted);
  if (fetched.code === 0) return;
  if (ref.kind !== "commit" || UNSOUND.test(fetched.stderr)) {
    throw failureOf(fetched, "The repository could not be fetched; the log has the reason.");
  }
  if (depth === null && (await fetch(everything)).code === 0) {
    if ((await git(["cat-file", "-e", `${ref.id}^{commit}`])).code === 0) return;
  }
  throw missing("The remote does not give out that commit.");
}

function refspecOf(ref: ImportRef): string[] {
  if (ref.kind === "commit") return [ref.id];
  const [from, to] = ref.kind === "branch" ? ["heads", "remotes/origin"] : ["tags", "tags"];
  return [`+refs/${from}/${ref.name}:refs/${to}/${ref.name}`];
}

function placeOf(ref: ImportRef): string {
  if (ref.kind === "commit") return ref.id;
  return ref.kind === "branch" ? `refs/remotes/origin/${ref.name}` : `refs/tags/${ref.name}`;
}

function checkoutOf(ref: ImportRef, commit: string): string[] {
  if (ref.kind !== "branch") return ["checkout", "--quiet", "--detach", commit];
  return ["checkout", "--quiet", "-B", ref.name, "--track", `refs/remotes/origin/${ref.name}`];
}

/** A tree may name itself a thousand times over: what is in it is counted before it is written. */
async function requireBounded(commit: string, git: Git): Promise<void> {
  let entries = 0;
  let bytes = 0;
  let rest = "";
  const { code } = await git(["ls-tree", "-r", "-l", "-z", "--full-tree", commit], (text) => {
    const lines = (rest + text).split("\0");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      entries++;
      bytes += Number(/^\d+ \w+ \w+ +(\d+)\t/.exec(line)?.[1] ?? 0);
    }
    if (entries > FILE_LIMITS.treeEntries || bytes > FILE_LIMITS.treeBytes) throw tooLarge();
  });
  if (code !== 0) throw failed("The commit cannot be read.");
}

/** What git has fetched so far. */
function requireRoom(directory: string): void {
  const packs = `${directory}/.git/objects/pack`;
  let bytes = 0;
  try {
    for (const name of readdirSync(packs)) bytes += statSync(`${packs}/${name}`).size;
  } catch {
    return;
  }
  if (bytes > FILE_LIMITS.treeBytes) throw tooLarge();
}

function tooLarge(): HttpFailure {
  const message = `The repository has more than ${FILE_LIMITS.treeBytes} bytes or ${FILE_LIMITS.treeEntries} files. Nothing was imported.`;
  return new HttpFailure(413, { code: "too_large", message });
}

function failureOf({ stderr }: GitResult, otherwise: string): HttpFailure {
  if (!UNSOUND.test(stderr)) return failed(otherwise);
  const message =
    "The repository holds what git takes for an attack, or is damaged; the log has more. Nothing was imported.";
  return new HttpFailure(422, { code: "repository_refused", message });
}

function failed(why: string): HttpFailure {
  return new HttpFailure(502, { code: "import_failed", message: `${why} Nothing was imported.` });
}
