// One thing that Codex wants to do and waits for. Commands, reasons and diffs come from a model: they are shown as text.
import type { Approval } from "../../container/protocol.ts";
import type { TurnView } from "../agent/types.ts";
import type { Account } from "../lib/account.ts";
import { visible } from "../lib/visible.ts";
import { Layout, Notice, Time } from "./layout.tsx";

export interface ApprovalPageProps {
  account: Account;
  turn: TurnView;
  approvalId: string;
  /** Why a decision that was sent did not count. */
  problem?: string;
}

export function ApprovalPage({ account, turn, approvalId, problem }: ApprovalPageProps) {
  const approval = turn.approvals.find(({ approval_id }) => approval_id === approvalId);
  return (
    <Layout title={approval === undefined ? "This is decided" : QUESTION[approval.kind]} account={account}>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {approval === undefined ? (
        <Decided turn={turn} approvalId={approvalId} />
      ) : (
        <Waiting approval={approval} turn={turn} />
      )}
    </Layout>
  );
}

const QUESTION: Readonly<Record<Approval["kind"], string>> = {
  command: "Codex asks to run a command",
  file_change: "Codex asks to change files",
};

function Waiting({ approval, turn }: { approval: Approval; turn: TurnView }) {
  const { command, cwd, reason, paths, diff, for_session, expires_at } = approval;
  return (
    <div class="card">
      <dl>
        <dt>Agent</dt>
        <dd>{turn.agent_id}</dd>
        <dt>Task</dt>
        <dd>{turn.tool}</dd>
        {paths !== undefined && (
          <>
            <dt>Files</dt>
            <dd>
              <code>{visible(paths.join(", "))}</code>
            </dd>
          </>
        )}
        {cwd !== undefined && (
          <>
            <dt>Directory</dt>
            <dd>
              <code>{visible(cwd)}</code>
            </dd>
          </>
        )}
        {reason !== undefined && (
          <>
            <dt>Its reason</dt>
            <dd>{visible(reason)}</dd>
          </>
        )}
        {for_session !== undefined && (
          <>
            <dt>For the session</dt>
            <dd>
              <code>{visible(for_session)}</code>, until the container sleeps
            </dd>
          </>
        )}
        <dt>Answer by</dt>
        <dd>
          <Time at={expires_at} />
        </dd>
      </dl>
      {command !== undefined && (
        <pre class="wrap" tabindex={0}>
          {visible(command)}
        </pre>
      )}
      {diff !== undefined && <Diff text={diff} />}
      {approval.kind === "command" && <p class="hint">A command that you accept runs without the sandbox.</p>}
      <form method="post">
        <div class="actions">
          <Choice decision="accept" label="Accept" look="" />
          <Choice decision="accept_for_session" label="Accept for this session" look="secondary" />
          <Choice decision="decline" label="Decline" look="secondary danger" />
        </div>
      </form>
    </div>
  );
}

function Choice({ decision, label, look }: { decision: string; label: string; look: string }) {
  return (
    <button class={look} type="submit" name="decision" value={decision}>
      {label}
    </button>
  );
}

function Diff({ text }: { text: string }) {
  return (
    <pre class="diff" tabindex={0}>
      {visible(text)
        .split("\n")
        .map((line) => (
          <span class={kindOf(line)}>{line === "" ? " " : line}</span>
        ))}
    </pre>
  );
}

function kindOf(line: string): string {
  if (/^(?:diff |index |--- |\+\+\+ |@@|new file|deleted file)/.test(line)) return "place";
  return line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "";
}

function Decided({ turn, approvalId }: { turn: TurnView; approvalId: string }) {
  const found = turn.decided.find(({ approval_id }) => approval_id === approvalId);
  return (
    <div class="card">
      <p class="lead">{found === undefined ? "Nothing waits for you here any more." : outcome(found)}</p>
      <dl>
        <dt>Agent</dt>
        <dd>{turn.agent_id}</dd>
        <dt>Task</dt>
        <dd>{turn.tool}</dd>
        <dt>State</dt>
        <dd>{turn.status.replaceAll("_", " ")}</dd>
      </dl>
      <p class="hint">You can close this page. The result goes to the app that asked for it.</p>
    </div>
  );
}

const DECISIONS: Readonly<Record<string, string>> = {
  accept: "Accepted",
  accept_for_session: "Accepted for the session",
  decline: "Declined",
  cancel: "Declined, and the task was cancelled",
};

const BY: Readonly<Record<string, string>> = {
  person: "by a person",
  timeout: "because nobody answered in time",
  session: "by an earlier answer for the whole session",
};

function outcome({ decision, by }: { decision: string; by: string }): string {
  if (by === "end") return "Void: the task ended before anybody had decided. It was not carried out.";
  if (by === "unconfirmed") {
    return "Accepted, but the task ended before Codex had confirmed it: whether it was carried out is not known.";
  }
  return `${DECISIONS[decision] ?? decision} ${BY[by] ?? ""}.`;
}
