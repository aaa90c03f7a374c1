// A person at an identity provider: follows its redirects, fills in its forms, and comes back.

const MAX_STEPS = 20;

/** Signs in under `login` and agrees. Returns the URL on our server that the provider sends the browser to. */
export async function visitProvider(start: string, login: string): Promise<URL> {
  const provider = new URL(start).origin;
  const cookies = new Map<string, string>();
  let request = new Request(start);
  for (let step = 0; step < MAX_STEPS; step++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(
      new Request(request, { headers: { ...Object.fromEntries(request.headers), cookie } }),
      {
        redirect: "manual",
      },
    );
    for (const header of response.headers.getSetCookie()) {
      const [name = "", value = ""] = (header.split(";")[0] ?? "").split(/=(.*)/s);
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    const html = await response.text();
    if (location !== null) {
      const next = new URL(location, request.url);
      if (next.origin !== provider) return next;
      request = new Request(next);
      continue;
    }
    request = formOf(html, request.url, login);
  }
  throw new Error("the provider does not come to an end");
}

function formOf(html: string, url: string, login: string): Request {
  const [, action] = /<form[^>]* action="([^"]+)"/.exec(html) ?? [];
  const [, prompt] = /name="prompt" value="(\w+)"/.exec(html) ?? [];
  if (action === undefined || prompt === undefined)
    throw new Error(`the provider shows no form: ${html.slice(0, 500)}`);
  const body = new URLSearchParams({ prompt, login, password: "any" });
  return new Request(new URL(action, url), { method: "POST", body });
}
