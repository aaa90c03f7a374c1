import { describe, expect, it } from "vitest";
import { foreignRequestProblem, type KnownHosts } from "../../../src/lib/foreign-request.ts";

const OPEN: KnownHosts = { ALLOWED_HOSTS: [], ALLOWED_ORIGINS: [] };
const STRICT: KnownHosts = { ALLOWED_HOSTS: ["codex.example"], ALLOWED_ORIGINS: ["app.example"] };

describe("the host", () => {
  it.each([
    ["any name where none is set", "https://codex.example/mcp", OPEN],
    ["a name that is set", "https://codex.example/mcp", STRICT],
    ["loopback by name", "http://localhost:8210/mcp", STRICT],
    ["loopback by address", "http://127.0.0.1:8210/mcp", STRICT],
    ["loopback by IPv6 address", "http://[::1]:8210/mcp", STRICT],
  ])("may be %s", (_, url, known) => {
    expect(foreignRequestProblem(new Request(url), known)).toBeUndefined();
  });

  it.each([
    "http://evil.example:8210/mcp",
    "http://codex.example.evil.example/mcp",
    "http://localhost.evil.example/mcp",
    "http://127.0.0.1.nip.example/mcp",
  ])("may not be a stranger's: %s", (url) => {
    expect(foreignRequestProblem(new Request(url), STRICT)).toContain("ALLOWED_HOSTS");
  });

  it("may not be another one in the header than in the URL", () => {
    const request = { url: "http://localhost:8210/mcp", headers: new Headers({ host: "evil.example" }) } as Request;
    expect(foreignRequestProblem(request, OPEN)).toContain("ALLOWED_HOSTS");
  });
});

describe("the origin", () => {
  it.each([
    ["missing", null],
    ["the server's own", "https://codex.example"],
    ["one that is allowed, at any port", "https://app.example:8443"],
  ])("may be %s", (_, origin) => {
    expect(foreignRequestProblem(request("https://codex.example/mcp", origin), STRICT)).toBeUndefined();
  });

  it("may be another page of the developer's machine", () => {
    expect(
      foreignRequestProblem(request("http://localhost:8210/mcp", "http://127.0.0.1:6274"), STRICT),
    ).toBeUndefined();
  });

  it.each(["https://evil.example", "null", "", "file://", "https://codex.example.evil.example", "http://localhost"])(
    "may not be a stranger's: %j",
    (origin) => {
      expect(foreignRequestProblem(request("https://codex.example/mcp", origin), STRICT)).toContain("ALLOWED_ORIGINS");
    },
  );
});

function request(url: string, origin: string | null): Request {
  const headers = new Headers(origin === null ? {} : { origin });
  // A Request of its own would drop `Origin`, which only browsers may set.
  return { url, headers } as Request;
}
