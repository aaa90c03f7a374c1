import { describe, expect, it } from "vitest";
import { ReviewContent, reviewSubject } from "../../../src/tools/review-content.ts";

const promptOf = (content: unknown) => reviewSubject(ReviewContent.parse(content)).join("\n");

describe("a branch or a commit", () => {
  it.each([
    "main",
    "feature/größe-#1",
    "v1.0^{commit}",
    "HEAD~3",
    "@",
    "stash@{0}",
    "fix/é",
    "#12",
    "0123abcd",
    "a+b=c,d%e",
  ])("may be called %s, and stands between quotes in each command", (name) => {
    expect(promptOf({ branch: name })).toContain(`"$base"...'${name}'`);
    expect(promptOf({ commit: name })).toMatch(/^git show .*'$/m);
    expect(promptOf({ commit: name })).toContain(` '${name}'\n`);
  });
});

it("a text is reviewed as it is given, without commands", () => {
  for (const content of ["a diff", { diffs: ["a diff"] }, { files: [{ path: "a", content: "a diff" }] }]) {
    expect(promptOf(content)).toContain("\na diff\n");
    expect(promptOf(content)).not.toContain("git ");
  }
});
