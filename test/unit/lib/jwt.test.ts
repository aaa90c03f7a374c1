import { expect, it } from "vitest";
import { readToken } from "../../../src/lib/jwt.ts";

const NOTHING = { expires_at: null, email: null, account_id: null, plan: null };

function token(claims: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.sig`;
}

it("tells expiry, address, account and plan", () => {
  const auth = { chatgpt_account_id: "acc-1", chatgpt_plan_type: "plus", chatgpt_user_id: "u" };
  const claims = { exp: 1_900_000_000, email: "žofie@example.com", "https://api.openai.com/auth": auth };
  expect(readToken(token(claims))).toEqual({
    expires_at: 1_900_000_000_000,
    email: "žofie@example.com",
    account_id: "acc-1",
    plan: "plus",
  });
});

it("passes over claims of another kind, and keeps the rest", () => {
  const claims = { exp: "tomorrow", email: 5, "https://api.openai.com/auth": { chatgpt_account_id: "acc-1" } };
  expect(readToken(token(claims))).toEqual({ ...NOTHING, account_id: "acc-1" });
});

it.each([null, "", "opaque", "a.b", "a.%%%.c", `a.${btoa("not JSON")}.c`, token(null), token("text"), token([])])(
  "tells nothing from %j",
  (text) => {
    expect(readToken(text)).toEqual(NOTHING);
  },
);
