import { describe, expect, test } from "vitest";
import { type FileDiffInput, renderFileDiff } from "../../../../container/runner/workspace/unified-diff.ts";

const numbers = Array.from({ length: 20 }, (_, index) => `${index + 1}\n`).join("");

function render(input: Partial<FileDiffInput>): string {
  return renderFileDiff({ path: "a", before: undefined, after: undefined, timeoutMs: 1000, ...input }).text;
}

function text(content: string, mode: "100644" | "100755" | "120000" = "100644") {
  return { mode, text: content };
}

const binary = { mode: "100644", text: undefined } as const;

describe("the diff of one file", () => {
  test.each<[name: string, input: Partial<FileDiffInput>, lines: string[]]>([
    [
      "shows three lines around a change",
      { before: text(numbers), after: text(numbers.replace("10\n", "ten\n")) },
      [
        "diff --git a/a b/a",
        "--- a/a",
        "+++ b/a",
        "@@ -7,7 +7,7 @@",
        " 7",
        " 8",
        " 9",
        "-10",
        "+ten",
        " 11",
        " 12",
        " 13",
      ],
    ],
    [
      "puts changes with seven lines between them into two hunks",
      { before: text(numbers), after: text(numbers.replace("1\n", "one\n").replace("9\n", "nine\n")) },
      [
        "diff --git a/a b/a",
        "--- a/a",
        "+++ b/a",
        "@@ -1,4 +1,4 @@",
        "-1",
        "+one",
        " 2",
        " 3",
        " 4",
        "@@ -6,7 +6,7 @@",
        " 6",
        " 7",
        " 8",
        "-9",
        "+nine",
        " 10",
        " 11",
        " 12",
      ],
    ],
    [
      "starts a new file at line zero of nothing",
      { after: text("1\n2", "100755") },
      [
        "diff --git a/a b/a",
        "new file mode 100755",
        "--- /dev/null",
        "+++ b/a",
        "@@ -0,0 +1,2 @@",
        "+1",
        "+2",
        "\\ No newline at end of file",
      ],
    ],
    [
      "leaves out a count of one",
      { before: text("1\n"), after: undefined },
      ["diff --git a/a b/a", "deleted file mode 100644", "--- a/a", "+++ /dev/null", "@@ -1 +0,0 @@", "-1"],
    ],
    [
      "has no hunk for an empty file",
      { path: "two words", after: text("") },
      ["diff --git a/two words b/two words", "new file mode 100644"],
    ],
    [
      "marks the end of names with spaces",
      { path: "two words", before: text("1\n"), after: text("2\n") },
      ["diff --git a/two words b/two words", "--- a/two words\t", "+++ b/two words\t", "@@ -1 +1 @@", "-1", "+2"],
    ],
    [
      "quotes names with unusual characters",
      { path: "ö", before: text("1\n"), after: undefined },
      [
        'diff --git "a/\\303\\266" "b/\\303\\266"',
        "deleted file mode 100644",
        '--- "a/\\303\\266"',
        "+++ /dev/null",
        "@@ -1 +0,0 @@",
        "-1",
      ],
    ],
    [
      "shows only the modes where the content is the same",
      { before: text("1\n"), after: text("1\n", "100755") },
      ["diff --git a/a b/a", "old mode 100644", "new mode 100755"],
    ],
    [
      "shows a rename without content",
      { path: "b", previousPath: "ö", before: text("1\n"), after: text("1\n", "100755") },
      [
        'diff --git "a/\\303\\266" b/b',
        "old mode 100644",
        "new mode 100755",
        "similarity index 100%",
        'rename from "\\303\\266"',
        "rename to b",
      ],
    ],
    [
      "shows a symbolic link as a file that holds its target",
      { before: text("x", "120000"), after: text("y", "120000") },
      [
        "diff --git a/a b/a",
        "--- a/a",
        "+++ b/a",
        "@@ -1 +1 @@",
        "-x",
        "\\ No newline at end of file",
        "+y",
        "\\ No newline at end of file",
      ],
    ],
    [
      "shows a change of type as a deletion and a creation",
      { before: text("1\n"), after: text("x", "120000") },
      [
        "diff --git a/a b/a",
        "deleted file mode 100644",
        "--- a/a",
        "+++ /dev/null",
        "@@ -1 +0,0 @@",
        "-1",
        "diff --git a/a b/a",
        "new file mode 120000",
        "--- /dev/null",
        "+++ b/a",
        "@@ -0,0 +1 @@",
        "+x",
        "\\ No newline at end of file",
      ],
    ],
    [
      "does not show binary contents",
      { before: binary, after: binary },
      ["diff --git a/a b/a", "Binary files a/a and b/a differ"],
    ],
    [
      "names nothing on the side where a binary file is not",
      { after: binary },
      ["diff --git a/a b/a", "new file mode 100644", "Binary files /dev/null and b/a differ"],
    ],
    ["is empty where nothing differs", { before: text("1\n"), after: text("1\n") }, []],
  ])("%s", (_name, input, lines) => {
    expect(render(input)).toBe(lines.map((line) => `${line}\n`).join(""));
  });

  test("counts added and removed lines, of a change of type on both sides", () => {
    const limits = { path: "a", timeoutMs: 1000 };
    expect(renderFileDiff({ ...limits, before: text("1\n2\n3\n"), after: text("1\nx\n3\ny\nz\n") })).toMatchObject({
      addedLines: 3,
      removedLines: 1,
    });
    expect(renderFileDiff({ ...limits, before: text("1\n2\n"), after: text("x", "120000") })).toMatchObject({
      addedLines: 1,
      removedLines: 2,
    });
  });
});
