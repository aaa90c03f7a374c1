import { expect, test } from "vitest";
import { differingSpan } from "../../../../container/runner/workspace/common-ends.ts";

test.each([
  [
    "leaves whole lines around a difference within a line",
    "1\n2\n3ax\n4\n5\n",
    "1\n2\n3bx\n4\n5\n",
    "2\n3ax\n4\n",
    "2\n3bx\n4\n",
  ],
  ["leaves what there is where there is little context", "1\n2", "1\n3", "1\n2", "1\n3"],
  ["finds lines put in between equal ones", "a\na\na\na\na\n", "a\na\na\na\na\na\n", "a\n", "a\na\n"],
  ["keeps a last line whole that gains a newline", "1\n2\n3", "1\n2\n3\n", "2\n3", "2\n3\n"],
  ["takes everything of a text that was empty", "", "1\n2\n", "", "1\n2\n"],
  ["starts at the first character", "\nb\n", "\nc\n", "\nb\n", "\nc\n"],
])("%s", (_name, oldText, newText, oldPart, newPart) => {
  const span = differingSpan(oldText, newText, 1);
  expect([oldText.slice(span.start, span.oldEnd), newText.slice(span.start, span.newEnd)]).toEqual([oldPart, newPart]);
});
