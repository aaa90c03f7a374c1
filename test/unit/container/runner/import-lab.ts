// What the tests of imports share: a server of repositories, and a runner that may import from it.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { bridgeAddress } from "../../../support/docker-body.ts";
import { type GitServer, startGitServer } from "../../../support/git-server.ts";
import { inDocker } from "../../../support/runner-body.ts";
import { type FilesLab, useFilesLab } from "./files-lab.ts";
import { readTree } from "./lab.ts";

export interface ImportLab extends FilesLab {
  readonly server: GitServer;
  place(...names: string[]): string;
  /** What git says in an imported repository. */
  git(directory: string, ...args: string[]): string;
  /** Path → content of what is checked out. */
  workTree(directory?: string): Record<string, string>;
}

/** To be called once, at the top of a file. */
export function useImportLab(): ImportLab {
  const env: Record<string, string> = {};
  let server: GitServer;
  beforeAll(async () => {
    server = await startGitServer(inDocker ? bridgeAddress() : "127.0.0.1");
    env.IMPORT_ALLOWED_HOSTS = server.host;
    env.IMPORT_CA = server.ca;
  });
  afterAll(() => server.close());
  const files = useFilesLab(env);
  const place = (...names: string[]): string => join(files.lab.runner.workspace, ...names);
  return {
    ...files,
    get server() {
      return server;
    },
    place,
    git: (directory, ...args) => {
      const all = ["-c", "safe.directory=*", "-C", place(directory), ...args];
      const plain = { PATH: process.env.PATH, GIT_CONFIG_NOSYSTEM: "1" };
      return execFileSync("git", all, { encoding: "utf8", env: plain }).trim();
    },
    workTree: (directory = "") =>
      Object.fromEntries(Object.entries(readTree(place(directory))).filter(([path]) => !path.startsWith(".git/"))),
  };
}
