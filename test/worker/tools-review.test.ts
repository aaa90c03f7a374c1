// `review` of what is in the agent's repository: the commands that the model is told show it the real changes, without any right
// to write.
import { describe, expect, it } from "vitest";
import { type Step, script } from "../support/fake-model/script.ts";
import { agentNamed, look, newUser } from "./support/fleet.ts";
import { lab, modelRequests } from "./support/lab.ts";

interface Reviewed {
  evidence: { commands: { exit_code: number | null }[] };
}

const START = "git init -q -b main . && git config user.name n && git config user.email e@example.com";
const COMMIT = "git add -A && git commit -q -m";
const FIRST = `${START} && echo first > a.txt && echo kept > b.txt && ${COMMIT} first`;
const FEATURE = `git checkout -q -b feature/größe-#1 && echo of-the-branch > a.txt && ${COMMIT} on-the-branch`;
const MAIN = `git checkout -q main && echo of-main > b.txt && ${COMMIT} on-main`;

const CASES: [what: string, repository: string, content: object, shows: RegExp[], hides: RegExp[]][] = [
  [
    "uncommitted changes: staged, not staged and untracked",
    `${FIRST} && echo staged > a.txt && git add a.txt && echo changed > b.txt && mkdir d && echo new > 'd/é x.txt'`,
    { workspace: "uncommitted" },
    [/^-first$/m, /^\+staged$/m, /^\+changed$/m, /^\?\? "d\/\\303\\251 x\.txt"$/m],
    [],
  ],
  [
    "uncommitted changes before the first commit",
    `${START} && echo staged > a.txt && git add a.txt && echo changed > a.txt && echo new > b.txt`,
    { workspace: "uncommitted" },
    [/^\+changed$/m, /^\?\? b\.txt$/m],
    [],
  ],
  [
    "uncommitted changes that the repository is configured to hide, while somebody holds its lock",
    `${FIRST} && git config diff.external true && echo '*.txt diff=x' > .gitattributes && git config diff.x.textconv true && git config color.ui always && echo changed > a.txt && touch .git/index.lock`,
    { workspace: "uncommitted" },
    [/^-first$/m, /^\+changed$/m],
    [],
  ],
  [
    "a branch, from where it left the default branch",
    `${FIRST} && ${FEATURE} && ${MAIN}`,
    { branch: "feature/größe-#1" },
    [/on-the-branch$/m, /^-first$/m, /^\+of-the-branch$/m],
    [/of-main|on-main/],
  ],
  [
    "a branch against a default branch that only the remote names",
    `${FIRST} && git checkout -q -b trunk && echo of-trunk > b.txt && ${COMMIT} t && git clone -q . ../of-a-remote && mv ../of-a-remote clone && cd clone && git config user.name n && git config user.email e@example.com && ${FEATURE} && cd .. && rm -rf .git && mv clone/.git . && rm -r clone`,
    { branch: "feature/größe-#1" },
    [/^-first$/m, /^\+of-the-branch$/m],
    [/of-trunk/],
  ],
  [
    "a commit",
    `${FIRST} && echo second > a.txt && ${COMMIT} second && echo third > a.txt && ${COMMIT} third`,
    { commit: "HEAD~1" },
    [/^ {4}second$/m, /^-first$/m, /^\+second$/m],
    [/third/],
  ],
  ["the first commit", FIRST, { commit: "main" }, [/^ {4}first$/m, /^\+first$/m, /^\+kept$/m], []],
  [
    "a merge, by what it brought in",
    `${FIRST} && ${FEATURE} && ${MAIN} && git merge -q --no-ff -m merged feature/größe-#1`,
    { commit: "HEAD" },
    [/^ {4}merged$/m, /^-first$/m, /^\+of-the-branch$/m],
    [/of-main/],
  ],
];

describe.each(["gpt-5.5", "gpt-6.1-sol"])("%s is shown", (model) => {
  it.each(CASES)("%s", async (_, repository, content, shows, hides) => {
    const user = newUser();
    const agent = agentNamed(user, "a1");
    await lab.shell(agent, repository);
    const review = async (...steps: Step[]) => {
      const name = crypto.randomUUID();
      const rubric = [`${name} ${script(...steps, { answer: {} })}`];
      const reviewed = await look<Reviewed>(user, "review", { agent_id: "a1", content, rubric, model });
      return { ...reviewed, requests: await modelRequests(name) };
    };
    const { requests: asked } = await review();
    const commands = /```sh\n(.*?)\n```/s.exec(asked[0]?.promptText ?? "")?.[1] ?? "";
    const before = await lab.shell(agent, STATE);
    const { evidence, requests } = await review({ run: `${OF_ANOTHER_USER}\n${commands}` });
    expect(evidence.commands).toMatchObject([{ exit_code: 0 }]);
    const seen = lastOutput(requests.at(-1)?.body);
    for (const line of shows) expect(seen).toMatch(line);
    for (const line of [...hides, /fatal:|error:|warning:|dubious/]) expect(seen).not.toMatch(line);
    expect(await lab.shell(agent, STATE)).toBe(before);
  });
});

/** git then takes the repository for another user's, which nobody but root could make it. */
const OF_ANOTHER_USER = "export GIT_TEST_ASSUME_DIFFERENT_OWNER=1";

/** Of the whole repository: any write to it would show. */
const STATE = "find . -type f -printf '%p %s %T@\\n' | sort";

/** What the model's last command printed, as the model got it: as text, or in the object that its JavaScript prints. */
function lastOutput(body: unknown): string {
  const { input } = body as { input: { type?: string; output?: unknown }[] };
  const output = input.findLast(({ type }) => type?.endsWith("_call_output"))?.output;
  if (typeof output === "string") return output;
  const printed = (output as { text?: string }[]).at(-1)?.text ?? "";
  return (JSON.parse(printed) as { output: string }).output;
}
