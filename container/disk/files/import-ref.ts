// What is to be checked out of a remote, as far as its list of refs says.
import { HttpFailure } from "../../lib/http.ts";

export type ImportRef =
  | { kind: "branch"; name: string; isDefault: boolean }
  | { kind: "tag"; name: string }
  | { kind: "commit"; id: string };

const COMMIT = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
/** What git-check-ref-format(1) forbids, and a dash at the start. */
const FORBIDDEN = /[\p{Cc} ~^:?*[\\]|\.\.|@\{|\/\/|\.lock(\/|$)|(^|\/)\.|\.$|\/$|^\/|^-|^@$/u;

/** Throws `ref_refused`. */
export function requireRef(ref: string): string {
  if (!FORBIDDEN.test(ref) && ref.isWellFormed()) return ref;
  const message = "That is no name of a branch or tag, nor a whole commit id. Nothing was imported.";
  throw new HttpFailure(422, { code: "ref_refused", message });
}

/** What to ask `ls-remote` for. */
export function patternsOf(ref: string | null): string[] {
  if (ref === null) return ["HEAD"];
  if (COMMIT.test(ref)) return ["HEAD"];
  return ref.startsWith("refs/") ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`];
}

/** `listing` is what `git ls-remote --symref` says. Throws `ref_missing`. */
export function chooseRef(ref: string | null, listing: string): ImportRef {
  const lines = listing.split("\n").map((line) => line.split("\t"));
  const names = new Set(lines.map(([, name]) => name));
  if (ref === null) {
    const target = lines.find(([first = "", name]) => name === "HEAD" && first.startsWith("ref: "))?.[0]?.slice(5);
    if (target?.startsWith("refs/heads/") && names.has("HEAD")) {
      return { kind: "branch", name: requireRef(target.slice("refs/heads/".length)), isDefault: true };
    }
    const id = lines.find(([, name]) => name === "HEAD")?.[0] ?? "";
    if (COMMIT.test(id)) return { kind: "commit", id };
    throw missing("The remote names no default branch: it may be empty. Name a ref.");
  }
  if (COMMIT.test(ref)) return { kind: "commit", id: ref };
  for (const full of patternsOf(ref)) {
    if (!names.has(full)) continue;
    if (full.startsWith("refs/heads/")) {
      return { kind: "branch", name: full.slice("refs/heads/".length), isDefault: false };
    }
    if (full.startsWith("refs/tags/")) return { kind: "tag", name: full.slice("refs/tags/".length) };
  }
  throw missing("The remote has no branch or tag of that name.");
}

export function missing(why: string): HttpFailure {
  return new HttpFailure(404, { code: "ref_missing", message: `${why} Nothing was imported.` });
}
