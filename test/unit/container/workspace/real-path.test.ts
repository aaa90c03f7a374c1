import { mkdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { realPath } from "../../../../container/runner/workspace/real-path.ts";
import { makeScratchDir } from "../../../support/app-server-driver.ts";

const root = realpathSync(makeScratchDir("real-path-"));
mkdirSync(join(root, "there"));
symlinkSync("there", join(root, "directory"));
symlinkSync("../elsewhere/new.txt", join(root, "there", "dangling"));
symlinkSync("circle", join(root, "circle"));

afterAll(() => rmSync(root, { recursive: true }));

it.each([
  ["there/a.txt", "there/a.txt"],
  ["not/yet/there.txt", "not/yet/there.txt"],
  ["directory/deep/new.txt", "there/deep/new.txt"],
  ["there/dangling", "elsewhere/new.txt"],
  ["circle", "circle"],
])("%s is %s", (path, real) => {
  expect(realPath(join(root, path))).toBe(join(root, real));
});
