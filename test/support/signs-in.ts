// A person at a browser, without the browser: signs in with the owner's password, agrees, and goes where they are sent.

/** Returns the URL that the client gets its code at, unvisited. */
export async function signInAndAgree(authorizeUrl: string, password: string): Promise<URL> {
  const { origin } = new URL(authorizeUrl);
  const cookies = new Map<string, string>();
  const visit = async (url: string | URL, form?: Record<string, string> | [string, string][]) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const body = form === undefined ? undefined : new URLSearchParams(form);
    const headers = { cookie, ...(body && { origin }) };
    const response = await fetch(url, { redirect: "manual", headers, ...(body && { method: "POST", body }) });
    for (const header of response.headers.getSetCookie()) {
      const [name = "", value = ""] = (header.split(";")[0] ?? "").split(/=(.*)/s);
      cookies.set(name, value);
    }
    return response;
  };
  await visit(`${origin}/sign-in/password`, { password });
  const page = await (await visit(authorizeUrl)).text();
  const field = (name: string): string => new RegExp(`name="${name}" value="([^"]*)"`).exec(page)?.[1] ?? "";
  const ticked = [...page.matchAll(/name="scope" value="([^"]+)" checked/g)].map(([, scope = ""]) => scope);
  const answer = await visit(`${origin}/authorize`, [
    ["handle", field("handle")],
    ["user", field("user")],
    ["decision", "approve"],
    ...ticked.map((scope): [string, string] => ["scope", scope]),
  ]);
  const location = answer.headers.get("location");
  if (location === null) throw new Error(`no consent: ${answer.status} ${page.slice(0, 2_000)}`);
  return new URL(location);
}
