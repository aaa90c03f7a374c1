// The pages, as a table.
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { csrf } from "hono/csrf";
import { HTTPException } from "hono/http-exception";
import { AppError, statusOf } from "../errors.ts";
import { ICON_SVG } from "../lib/icon-svg.ts";
import { account } from "./account.tsx";
import { approval } from "./approval.tsx";
import { authorize } from "./authorize.tsx";
import { type DashboardEnv, render } from "./context.ts";
import { credential } from "./credential.tsx";
import { MessagePage } from "./layout.tsx";
import { securityHeaders } from "./security-headers.ts";
import { signIn } from "./sign-in.tsx";
import { STYLE } from "./style.ts";

const MAX_FORM_BYTES = 64 * 1024;
const CACHED = { "cache-control": "public, max-age=3600" };
const PAGES = [
  "/",
  "/style.css",
  "/icon.svg",
  "/sign-in",
  "/sign-in/*",
  "/sign-out",
  "/authorize",
  "/account",
  "/account/*",
  "/approvals/*",
];

export const dashboard = new Hono<DashboardEnv>();

for (const path of PAGES) {
  dashboard.use(path, securityHeaders);
  // Forms come from our own pages, or not at all. A browser says which page sent a form, and no page can make it lie.
  dashboard.use(path, csrf({ origin: (origin, c) => origin === c.get("origin"), secFetchSite: "same-origin" }));
  dashboard.use(path, bodyLimit({ maxSize: MAX_FORM_BYTES }));
}

dashboard.get("/", (c) => c.redirect("/account", 303));
dashboard.get("/style.css", (c) => c.body(STYLE, 200, { "content-type": "text/css; charset=utf-8", ...CACHED }));
dashboard.get("/icon.svg", (c) => c.body(ICON_SVG, 200, { "content-type": "image/svg+xml", ...CACHED }));

dashboard.route("/", signIn);
dashboard.route("/", authorize);
dashboard.route("/", account);
dashboard.route("/", credential);
dashboard.route("/", approval);

dashboard.onError((error, c) => {
  if (error instanceof HTTPException && error.status === 403) {
    const message = "This form was not sent by a page of this server. Open the page again and send it from there.";
    return render(c, <MessagePage title="Refused" message={message} />, 403);
  }
  if (error instanceof HTTPException) return error.getResponse();
  if (error instanceof AppError) {
    c.get("log").warn("page refused", { error });
    // Each code that a page can meet has a status with a body.
    return render(c, <MessagePage title="This did not work" message={error.message} />, statusOf(error.code) as 400);
  }
  c.get("log").error("page failed", { error });
  return render(c, <MessagePage title="The server failed" message="The log has the details. Try again." />, 500);
});
