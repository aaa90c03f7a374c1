// A new personal access token: the form, and what of it is taken.
import * as z from "zod";
import { BASELINE_SCOPES, Scope } from "../lib/scopes.ts";
import { ScopeChoice } from "./scope-texts.tsx";

/** Days that a token can live. */
const LIFETIMES = [7, 30, 90, 365] as const;
const MAX_NAME_CHARS = 60;

export const NewTokenFields = z.object({
  name: z.string().trim().min(1).max(MAX_NAME_CHARS),
  days: z
    .string()
    .transform(Number)
    .pipe(z.union(LIFETIMES.map((days) => z.literal(days)))),
  scope: z.union([z.array(Scope).min(1), Scope.transform((one) => [one])]),
});

export const NEW_TOKEN_RULES = "Give the token a name of at most 60 characters, and tick what it may do.";

export function NewTokenForm({ isOpen }: { isOpen: boolean }) {
  return (
    <details open={isOpen}>
      <summary>New token</summary>
      <form method="post" action="/account/tokens">
        <fieldset class="row">
          <div>
            <label class="label" for="name">
              Name
            </label>
            <input id="name" name="name" type="text" maxlength={MAX_NAME_CHARS} placeholder="nightly build" required />
          </div>
          <div>
            <label class="label" for="days">
              Expires after
            </label>
            <select id="days" name="days">
              {LIFETIMES.map((days) => (
                <option value={String(days)} selected={days === 30}>
                  {days === 365 ? "1 year" : `${days} days`}
                </option>
              ))}
            </select>
          </div>
        </fieldset>
        <ScopeChoice chosen={BASELINE_SCOPES} legend="It may" />
        <button type="submit">Make token</button>
      </form>
    </details>
  );
}
