// What the parameters of the tools for files in and out may not be.
import type { BadValue } from "./tool-inputs.ts";

export interface CommonInputs {
  notText: readonly BadValue[];
  path: readonly BadValue[];
  flag: readonly BadValue[];
  listOf(item: readonly BadValue[], most?: number): BadValue[];
}

export function fileInputs({ notText, path, flag, listOf }: CommonInputs) {
  const url: BadValue[] = [
    ...notText,
    ...[
      "",
      "git.example/a",
      "http://git.example/a",
      "git://git.example/a",
      "ssh://git@git.example/a",
      "git@git.example:a/b",
      "file:///etc",
      "ext::sh -c id",
      "https://ada:secret@git.example/a",
      "https://token@git.example/a",
      "https://git.example/a b",
      "https://git.example/a\n--upload-pack=id",
      `https://git.example/${"a".repeat(2_048)}`,
    ].map((value) => ({ what: `the URL ${JSON.stringify(value).slice(0, 60)}`, value })),
  ];
  const ref: BadValue[] = ["", "--upload-pack=id", "-b", "a b", "a..b", "a\nb", "a\0", "a~1", "a:b", "$(id)"].map(
    (value) => ({ what: `the ref ${JSON.stringify(value)}`, value }),
  );
  const token: BadValue[] = [
    ...notText,
    ...["", "a b", "a\nb", "é", "a".repeat(4_097)].map((value) => ({ what: value, value })),
  ];
  const files: BadValue[] = [
    ...[7, null, {}, "a"].map((value) => ({ what: JSON.stringify(value), value })),
    { what: "nothing", value: [] },
    { what: "more than 500", value: Array(501).fill({ path: "a", content: "c" }), says: "500" },
    { what: "a file without content", value: [{ path: "a" }], at: "0.content" },
    { what: "half a character", value: [{ path: "a", content: "\ud83d" }], at: "0.content", says: "Unicode" },
    { what: "no base64", value: [{ path: "a", content: "a", encoding: "base64" }], at: "0.content", says: "base64" },
    { what: "another encoding", value: [{ path: "a", content: "a", encoding: "latin1" }], at: "0.encoding" },
    { what: "a flag that is none", value: [{ path: "a", content: "a", executable: "yes" }], at: "0.executable" },
    ...path
      .filter(({ value }) => typeof value === "string")
      .map(({ what, value }) => ({ what, value: [{ path: value, content: "c" }], at: "0.path" })),
  ];
  return {
    path,
    directory: path,
    recursive: flag,
    replace: flag,
    depth: [0, -1, 1.5, 1_000_001, "1", null, true].map((value) => ({ what: JSON.stringify(value), value })),
    url,
    ref: [...notText, ...ref],
    token,
    files,
    paths: [...listOf(path, 100), { what: "nothing", value: [], says: "must not be empty" }],
    delete: listOf(path, 500),
  };
}
