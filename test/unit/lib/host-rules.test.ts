import { describe, expect, it } from "vitest";
import { isNamedBy, isPublicName, parseHostRule, parsePublicName } from "../../../src/lib/host-rules.ts";

describe("a rule", () => {
  it.each([
    ["registry.npmjs.org", "registry.npmjs.org"],
    ["GitHub.COM", "github.com"],
    ["github.com.", "github.com"],
    ["*.github.com", "*.github.com"],
    ["*.PythonHosted.org.", "*.pythonhosted.org"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["*.例え.jp", "*.xn--r8jz45g.jp"],
    ["my_host.example.com", "my_host.example.com"],
    ["a-1.b-2.example.com", "a-1.b-2.example.com"],
    ["1.example.com", "1.example.com"],
  ])("%s is %s", (text, rule) => {
    expect(parseHostRule(text)).toBe(rule);
  });

  it.each([
    ["", "*", "*.", "**.example.com", "*.*.example.com", "a.*.example.com", "*example.com", "*.com", "com", "registry"],
    ["https://example.com", "example.com/", "example.com/path", "example.com:443", "user@example.com", "example.com?q"],
    [
      "example.com#f",
      "exa mple.com",
      "example.com\t",
      "example%2ecom",
      "example.com\\x",
      ".example.com",
      "example..com",
    ],
    ["example.com..", "-a.example.com", "a-.example.com", `${"a".repeat(64)}.example.com`, `${"a.".repeat(130)}com`],
    ["localhost", "a.localhost", "printer.local", "metadata.google.internal", "model.internal", "*.internal"],
    ["instance-data.ec2.internal", "router.lan", "git.corp", "nas.home.arpa", "1.0.0.127.in-addr.arpa", "x.onion"],
    ["127.0.0.1", "2130706433", "0x7f000001", "017700000001", "127.1", "10.0.0.1", "8.8.8.8", "*.8.8.8.8", "8.8.8.8."],
    ["[::1]", "::1", "[fe80::1%25eth0]", "１２７.0.0.1", "example.com,other.com"],
  ])("is not %j, nor any of these", (...texts) => {
    for (const text of texts) expect([text, parseHostRule(text)]).toEqual([text, null]);
  });
});

describe("a name", () => {
  const rules = ["github.com", "*.npmjs.org"];

  it.each(["github.com", "registry.npmjs.org", "a.b.npmjs.org"])("%s is named", (name) => {
    expect(isNamedBy(name, rules)).toBe(true);
  });

  it.each([
    ...[
      "api.github.com",
      "npmjs.org",
      "evilnpmjs.org",
      "github.com.evil.example",
      "npmjs.org.evil.example",
      "xgithub.com",
    ],
    ...["", ".npmjs.org.evil", "github.co"],
  ])("%j is not named", (name) => {
    expect(isNamedBy(name, rules)).toBe(false);
  });

  it("is named by nothing where there are no rules", () => {
    expect(isNamedBy("github.com", [])).toBe(false);
  });

  it("has one normal form, which is found public", () => {
    for (const text of ["GITHUB.com", "github.com.", "gіthub.com", "bücher.example"]) {
      const name = parsePublicName(text);
      expect([text, name, name !== null && isPublicName(name)]).toEqual([text, expect.any(String), true]);
    }
    // A Cyrillic look-alike is another host.
    expect(parsePublicName("gіthub.com")).not.toBe("github.com");
  });
});
