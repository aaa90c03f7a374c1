// Random trees and changes of trees, the same for the same seed.

import { executable, file, link, type Tree, type TreeFile } from "./trees.ts";

export type Random = <T>(choices: readonly T[]) => T;

const names = [
  "a",
  "b",
  "c.ts",
  "lib",
  "src",
  "two words",
  " lead",
  "trail ",
  'quo"te',
  "back\\slash",
  "tab\there",
  "new\nline",
  "bell\u0007",
  "del\u007f",
  "größe",
  "日本語",
  "😀",
  "-dash",
  "#hash",
  "a.b",
  "a-b",
];
const lines = [
  "",
  "a",
  "b",
  "c",
  "}",
  "  return 1;",
  "größe",
  "a\r",
  "\r",
  "tab\t",
  " ",
  "-- x",
  "++ y",
  "@@ -1 +1 @@",
  "\u2028",
  "\\ No newline",
];

// None leads back to itself: `git apply` cannot look behind such a link.
const targets = ["nowhere", "../b c", "größe 2", "no\nwhere", "../lib"];

/** mulberry32 */
export function seededRandom(seed: number): Random {
  let state = seed;
  return (choices) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    const index = ((mixed ^ (mixed >>> 14)) >>> 0) % choices.length;
    const choice = choices[index];
    if (choice === undefined) throw new Error("There is nothing to choose from.");
    return choice;
  };
}

export function randomTree(random: Random): Tree {
  let tree: Tree = {};
  for (let count = random([0, 3, 8, 15]); count > 0; count--)
    tree = withEntry(tree, randomPath(random), randomEntry(random));
  return tree;
}

export function randomChange(random: Random, before: Tree): Tree {
  let tree = before;
  for (let count = random([1, 2, 5, 12]); count > 0; count--) tree = changeOnce(random, tree);
  return tree;
}

/** Whatever is in the way gives way: a file where a directory must be, and a directory where a file must be. */
function withEntry(tree: Tree, path: string, entry: TreeFile): Tree {
  const kept = Object.entries(tree).filter(
    ([other]) => other !== path && !other.startsWith(`${path}/`) && !path.startsWith(`${other}/`),
  );
  return { ...Object.fromEntries(kept), [path]: entry };
}

function changeOnce(random: Random, tree: Tree): Tree {
  const paths = Object.keys(tree);
  if (paths.length === 0) return withEntry(tree, randomPath(random), randomEntry(random));
  const path = random(paths);
  const { [path]: entry = file(""), ...others } = tree;
  switch (random(["edit", "edit", "edit", "create", "delete", "rename", "chmod", "type", "nest", "flatten", "swap"])) {
    case "edit":
      return "target" in entry ? { ...tree, [path]: link("elsewhere") } : { ...tree, [path]: edit(random, entry) };
    case "create":
      return withEntry(tree, randomPath(random), randomEntry(random));
    case "delete":
      return others;
    case "rename":
      return withEntry(others, randomPath(random), entry);
    case "chmod":
      return "target" in entry ? tree : { ...tree, [path]: { ...entry, executable: entry.executable !== true } };
    case "type":
      return { ...tree, [path]: "target" in entry ? file(entry.target) : link(random(targets)) };
    case "nest":
      return withEntry(others, `${path}/${random(names)}`, random([entry, randomEntry(random)]));
    case "flatten":
      return withEntry(others, path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : path, entry);
    default: {
      const other = random(paths);
      return { ...tree, [path]: tree[other] ?? entry, [other]: entry };
    }
  }
}

function randomPath(random: Random): string {
  return Array.from({ length: random([1, 1, 2, 3]) }, () => random(names)).join("/");
}

function randomEntry(random: Random): TreeFile {
  const kind = random(["file", "file", "file", "executable", "link"]);
  if (kind === "link") return link(random(targets));
  return kind === "file" ? file(randomContent(random)) : executable(randomContent(random));
}

function randomContent(random: Random): string {
  const text = Array.from({ length: random([0, 1, 2, 5, 30]) }, () => `${random(lines)}\n`).join("");
  return random([true, true, false]) ? text : text.slice(0, -1);
}

function edit(random: Random, entry: { content: string; executable?: boolean }): TreeFile {
  const all = entry.content.split(/(?<=\n)/);
  for (let count = random([1, 2, 4]); count > 0; count--) {
    const at = random([...all.keys()]);
    all.splice(at, random([0, 1, 1, 3]), ...Array.from({ length: random([0, 1, 1, 3]) }, () => `${random(lines)}\n`));
    if (all.length === 0) all.push("");
  }
  const content = all.join("");
  return { ...entry, content: random([true, true, true, false]) ? content : content.replace(/\n$/, "") };
}
