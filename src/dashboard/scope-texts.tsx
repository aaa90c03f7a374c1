// What the scopes mean, in plain words.
import { SCOPES, type Scope } from "../lib/scopes.ts";

const TEXTS: Readonly<Record<Scope, { title: string; detail: string }>> = {
  "codex:read": { title: "Look", detail: "See your agents, what they are doing, and the results of their work." },
  "codex:run": {
    title: "Work",
    detail: "Give your agents tasks, answer what they ask, and stop them. This uses your Codex account.",
  },
  "codex:admin": {
    title: "Manage",
    detail: "Stop agents and delete them for good, with everything they made. Connect and remove Codex credentials.",
  },
};

/** `chosen` is ticked; the others can be added. */
export function ScopeChoice({ chosen, legend }: { chosen: readonly string[]; legend: string }) {
  return (
    <fieldset>
      <legend>{legend}</legend>
      {SCOPES.map((scope) => (
        <div class="check">
          <input type="checkbox" id={scope} name="scope" value={scope} checked={chosen.includes(scope)} />
          <label for={scope}>
            <strong>{TEXTS[scope].title}</strong> <code class="soft">{scope}</code>
          </label>
          <span class="hint">{TEXTS[scope].detail}</span>
        </div>
      ))}
    </fieldset>
  );
}

export function ScopeTags({ scopes }: { scopes: readonly string[] }) {
  return (
    <>
      {scopes.map((scope) => (
        <span class="tag">{scope}</span>
      ))}
    </>
  );
}
