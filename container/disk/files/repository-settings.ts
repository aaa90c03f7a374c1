// A repository's own settings that somebody else wrote: only those stay that cannot make git run a program, read what is
// elsewhere, or hold a password. https://git-scm.com/docs/git-config
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { gitEnvironment } from "./git-environment.ts";

/** As git lists them: in small letters, but for the name in the middle. */
const HARMLESS = [
  /^core\.(repositoryformatversion|filemode|bare|logallrefupdates|ignorecase|precomposeunicode|symlinks|autocrlf|eol|safecrlf|abbrev|quotepath)$/,
  /^extensions\.(objectformat|refstorage|preciousobjects)$/,
  /^remote\..*\.(fetch|tagopt|prune)$/s,
  /^branch\..*\.(remote|merge|rebase|description)$/s,
  /^submodule\.(.*\.)?(active|branch)$/s,
  /^user\.(name|email)$/,
  /^(init\.defaultbranch|pull\.rebase|pull\.ff|push\.default|fetch\.prune|merge\.conflictstyle|diff\.renames)$/,
];
const ADDRESS = /^(remote|submodule)\..*\.(url|pushurl)$/s;
const PLAIN_ADDRESS =
  /^(https?:\/\/[\w.:[\]-]+\/|ssh:\/\/([\w.-]+@)?[\w.-]+(:\d+)?\/|git:\/\/[\w.-]+\/|[\w.-]+@[\w.-]+:)[^\s]*$/;
const MAX_HARMFUL = 200;
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

const run = promisify(execFile);

/**
 * Takes the others out of the file. Resolves to their names, or to undefined where the file cannot be read as settings, or
 * there is no git to read it.
 */
export async function removeHarmful(file: string): Promise<string[] | undefined> {
  try {
    const harmful = [
      ...new Set((await list(file)).filter(([key, value]) => !isHarmless(key, value)).map(([key]) => key)),
    ];
    if (harmful.length > MAX_HARMFUL) return undefined;
    for (const key of harmful) await git("--file", file, "--unset-all", key);
    const isClean = (await list(file)).every(([key, value]) => isHarmless(key, value));
    return isClean ? harmful : undefined;
  } catch {
    return undefined;
  }
}

async function list(file: string): Promise<[key: string, value: string][]> {
  const output = await git("--file", file, "--no-includes", "--null", "--list");
  return output
    .split("\0")
    .filter((entry) => entry !== "")
    .map((entry) => {
      const end = entry.indexOf("\n");
      return end === -1 ? [entry, "true"] : [entry.slice(0, end), entry.slice(end + 1)];
    });
}

async function git(...args: string[]): Promise<string> {
  const options = { env: gitEnvironment(), cwd: "/", maxBuffer: MAX_OUTPUT_BYTES };
  return (await run("git", ["config", ...args], options)).stdout;
}

function isHarmless(key: string, value: string): boolean {
  if (ADDRESS.test(key)) return PLAIN_ADDRESS.test(value);
  return HARMLESS.some((pattern) => pattern.test(key));
}
