// Git's ignore rules. The rules of a nested .gitignore are rewritten to start at the root and go behind those of the
// directories above, so that the last rule that matches decides, as in git.

import ignore, { type Ignore } from "ignore";
import type { Notes } from "../../lib/notes.ts";

const matcherOptions = { ignorecase: false, allowRelativePaths: true };
const maxRules = 2000;
const maxRuleChars = 1024;
// The time to match grows with the depth of a path to the power of these: a hostile rule could stop the event loop.
const maxDoubleStars = 3;
// The matcher remembers each path that it was asked about.
const maxRememberedPaths = 1000;

/** The rules that hold in one directory. Immutable: a directory inside derives its own with `withRules`. */
export class IgnoreRules {
  #matcher: Ignore | undefined;
  #ruleCount: number;
  #asked = 0;

  private constructor(matcher: Ignore | undefined, ruleCount: number) {
    this.#matcher = matcher;
    this.#ruleCount = ruleCount;
  }

  static readonly none: IgnoreRules = new IgnoreRules(undefined, 0);

  /**
   * Never throws: a rule that cannot be used has no effect and is noted.
   * @param source.directory "" for the root, else ends with "/".
   * @param source.path the file that holds the rules, for the note.
   */
  withRules(source: { directory: string; path: string; text: string }, notes: Notes): IgnoreRules {
    const rules: string[] = [];
    for (const line of source.text.replace(/^\uFEFF/, "").split("\n")) {
      const rule = rootedRule(line.replace(/\r$/, ""), source.directory);
      if (rule === undefined) continue;
      if (this.#ruleCount + rules.length === maxRules) {
        notes.add(source.path, `has ignore rules beyond the limit of ${maxRules}, which have no effect`);
        break;
      }
      if (isUsable(rule)) rules.push(rule);
      else notes.add(source.path, "has an ignore rule that is malformed or too complex and has no effect");
    }
    if (rules.length === 0) return this;
    const matcher = ignore(matcherOptions);
    if (this.#matcher !== undefined) matcher.add(this.#matcher);
    return new IgnoreRules(matcher.add(rules), this.#ruleCount + rules.length);
  }

  /**
   * Only for a path whose directory is not ignored.
   * @param path relative to the root; of a directory with "/" at its end.
   */
  ignores(path: string): boolean {
    if (this.#matcher === undefined) return false;
    this.#asked += 1;
    if (this.#asked % maxRememberedPaths === 0) this.#matcher = ignore(matcherOptions).add(this.#matcher);
    return this.#matcher.ignores(path);
  }
}

/** The rule as it would stand in the root's .gitignore; undefined for a comment or an empty line. */
function rootedRule(line: string, directory: string): string | undefined {
  const trimmed = trimTrailingSpaces(line);
  if (trimmed === "" || trimmed.startsWith("#")) return undefined;
  if (directory === "") return trimmed;
  const negation = trimmed.startsWith("!") ? "!" : "";
  const pattern = trimmed.slice(negation.length);
  const isAnchored = pattern.slice(0, -1).includes("/");
  const prefix = directory.replace(/[\\*?[]/g, "\\$&");
  return `${negation}/${prefix}${isAnchored ? pattern.replace(/^\//, "") : `**/${pattern}`}`;
}

/** As git: spaces only, and a space behind a backslash stays. */
function trimTrailingSpaces(line: string): string {
  let end = line.length;
  while (line[end - 1] === " ") end--;
  let backslashes = 0;
  while (line[end - 1 - backslashes] === "\\") backslashes++;
  return line.slice(0, backslashes % 2 === 1 ? end + 1 : end);
}

function isUsable(rule: string): boolean {
  if (rule.length > maxRuleChars) return false;
  if ((rule.match(/\*\*/g) ?? []).length > maxDoubleStars) return false;
  try {
    ignore(matcherOptions).add([rule]).ignores("a");
    return true;
  } catch {
    return false;
  }
}
