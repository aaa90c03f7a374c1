// `codex exec`, and `codex exec resume`: a process per turn.
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { chat } from "../../src/tools/chat.ts";
import { makeCodexHome } from "./codex-home.ts";
import { binary } from "./direct-codex.ts";
import type { Side } from "./side.ts";

const TIMEOUT_MS = 60_000;

export async function codexExec(modelUrl: string): Promise<Side> {
  const { workspace, env, remove } = makeCodexHome(modelUrl);
  const schema = join(workspace, "../schema.json");
  writeFileSync(schema, JSON.stringify(chat.codexSchema));
  const options = ["--json", "--skip-git-repo-check", "--output-schema", schema];
  const run = async (args: readonly string[], message: string): Promise<string> => {
    const running = promisify(execFile)(binary().path, ["exec", ...args, chat.prompt({ message })], {
      cwd: workspace,
      env,
      timeout: TIMEOUT_MS,
    });
    running.child.stdin?.end();
    return (await running).stdout;
  };
  const fresh = (message: string) => run([...options, "--sandbox", "read-only", "--cd", workspace], message);
  const [, thread = ""] = /"thread_id":"([\w-]+)"/.exec(await fresh("Begin.")) ?? [];
  return {
    hasSchema: true,
    followUp: (message) => run([...options, "resume", thread], message),
    fresh,
    close: async () => remove(),
  };
}
