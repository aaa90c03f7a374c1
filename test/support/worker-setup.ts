// globalSetup of the tests in workerd (in Node): builds the runner, starts the lab and the fake model, and afterwards holds that no
// process is left.
import { rmSync } from "node:fs";
import type { TestProject } from "vitest/node";
import { makeScratchDir } from "./app-server-driver.ts";
import { startFakeGithub } from "./fake-github.ts";
import { startFakeModel } from "./fake-model/fake-model.ts";
import { startGitServer } from "./git-server.ts";
import { startOidcProvider } from "./oidc-provider.ts";
import { makeRunnerEntry } from "./runner-entry.ts";
import { Lab } from "./worker-lab.ts";
import type { Provided } from "./worker-provided.ts";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const scratchDir = makeScratchDir("worker-tests-");
  const git = await startGitServer();
  // Repositories of this machine may be imported, and their server is trusted.
  const runnerEntry = await makeRunnerEntry(scratchDir, { IMPORT_ALLOWED_HOSTS: git.host, IMPORT_CA: git.ca });
  const apiKey = "sk-test-0123456789abcdef";
  const model = await startFakeModel({ apiKey });
  const lab = new Lab({ scratchDir, runnerEntry, git });
  const [oidc, github] = [await startOidcProvider(), await startFakeGithub()];
  const urls = { labUrl: await lab.listen(), modelUrl: model.url, oidcUrl: oidc.url, githubUrl: github.url };
  const provided: Provided = { ...urls, apiKey };
  for (const [key, value] of Object.entries(provided)) project.provide(key as keyof Provided, value); // keys of Provided
  return async () => {
    await Promise.all([model.close(), oidc.close(), github.close(), git.close()]);
    try {
      await lab.close();
    } catch (error) {
      // Vitest shows an error of a teardown, and without this ends with 0 all the same.
      process.exitCode = 1;
      throw error;
    } finally {
      rmSync(scratchDir, { recursive: true, force: true });
    }
  };
}
