// The forms of the account page's Codex credential.
import { type Context, Hono } from "hono";
import * as z from "zod";
import { AppError, type Outcome } from "../errors.ts";
import { directoryOf, showAccount } from "./account.tsx";
import type { SignedInEnv } from "./context.ts";

const Method = z.enum(["oauth", "api_key"]);
const KeyForm = z.object({ api_key: z.string().trim() });
const LoginForm = z.object({ auth_json: z.string() });

/** To be mounted below the account page, which asks for the sign-in. */
export const credential = new Hono<SignedInEnv>();

credential.post("/account/codex/device", async (c) => answer(c, await directoryOf(c).startDeviceLogin()));

credential.post("/account/codex/device/poll", async (c) => {
  const polled = await directoryOf(c).pollDeviceLogin();
  if (!polled.ok) return answer(c, polled);
  switch (polled.value.status) {
    case "connected":
      return c.redirect("/account", 303);
    case "pending":
      return showAccount(c, { problem: "ChatGPT has not been told the code yet. Type it there, then try again." });
    case "expired":
      return showAccount(c, { problem: "This code has expired. Connect ChatGPT again for a new one." });
    case "failed":
      return showAccount(c, { problem: polled.value.message });
  }
});

credential.post("/account/codex/api-key", async (c) => {
  const form = KeyForm.safeParse(await c.req.parseBody());
  if (!form.success) throw new AppError("invalid_input", "Type an API key.");
  return answer(c, await directoryOf(c).saveApiKey(form.data.api_key));
});

credential.post("/account/codex/chatgpt", async (c) => {
  const form = LoginForm.safeParse(await c.req.parseBody());
  if (!form.success) throw new AppError("invalid_input", "Paste the text of an auth.json.");
  return answer(c, await directoryOf(c).saveChatGptLogin(form.data.auth_json));
});

credential.post("/account/codex/:method/disconnect", async (c) => {
  const method = Method.safeParse(c.req.param("method"));
  if (!method.success) throw new AppError("not_found", "There is no such credential.");
  return answer(c, await directoryOf(c).removeCredential(method.data));
});

/** Back to the page, which shows how it stands now; or with what went wrong. */
function answer(c: Context<SignedInEnv>, outcome: Outcome<unknown>) {
  return outcome.ok ? c.redirect("/account", 303) : showAccount(c, { problem: outcome.message });
}
