import { describe, expect, it } from "vitest";
import { destinationOf } from "../../../src/runtime/egress-destination.ts";

function to(url: string, headers: Record<string, string> = {}) {
  return destinationOf(new Request(url, { headers }));
}

describe("what the rules decide on", () => {
  it.each([
    ["https://github.com/", "github.com"],
    ["https://GitHub.com:443/a?b", "github.com"],
    ["https://github.com./", "github.com"],
    ["https://bücher.example/", "xn--bcher-kva.example"],
    ["https://a.b.c.example.org/x", "a.b.c.example.org"],
  ])("%s goes to %s", (url, host) => {
    expect(to(url)).toEqual({ name: host, host, problem: null });
  });
});

describe("nobody may go to an address", () => {
  it.each([
    ...["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "127.0.0.1."],
    ...["10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "2852039166", "100.64.0.1", "0.0.0.0", "0"],
    ...["168.63.129.16", "224.0.0.1", "255.255.255.255", "8.8.8.8", "１２７.0.0.1", "127。0。0。1"],
    ...[
      "[::1]",
      "[::]",
      "[::ffff:127.0.0.1]",
      "[::ffff:a9fe:a9fe]",
      "[64:ff9b::a9fe:a9fe]",
      "[fe80::1]",
      "[fd00:ec2::254]",
    ],
    ...["[2606:4700::1111]", "[ff02::1]"],
  ])("%s", (host) => {
    expect(to(`https://${host}/`).problem).toBe("addresses are never reached, only names");
  });
});

describe("nobody may go to a name inside of a network", () => {
  it.each([
    ...["localhost", "LOCALHOST.", "a.localhost", "metadata.google.internal", "metadata", "instance-data.ec2.internal"],
    ...["model.internal", "host.docker.internal", "gateway.docker.internal", "printer.local", "nas.lan", "db.corp"],
    ...["constructor", "__proto__", "a..b.example", "example.com.."],
  ])("%s", (host) => {
    expect(to(`https://${host}/`).problem).toBe("it is no name of a public host");
  });
});

it.each([
  ["http://github.com/", "http://github.com", "only https:// leads out"],
  ["http://github.com:443/", "http://github.com:443", "only https:// leads out"],
  ["https://github.com:8443/", "github.com:8443", "only port 443 leads out"],
  ["https://github.com:80/", "github.com:80", "only port 443 leads out"],
  ["http://169.254.169.254/latest/meta-data/", "http://169.254.169.254", "addresses are never reached, only names"],
  ["https://10.0.0.1:6443/", "10.0.0.1:6443", "addresses are never reached, only names"],
])("%s is shown as %s, and refused", (url, name, problem) => {
  expect(to(url)).toMatchObject({ name, problem });
});

it("WebSockets and other upgrades are refused", () => {
  expect(to("https://github.com/", { upgrade: "websocket" }).problem).toContain("WebSockets");
  expect(to("https://github.com/", { upgrade: "h2c", connection: "upgrade" }).problem).toContain("upgrades");
});

it("a name of any length is shown no longer than a name can be", () => {
  const { name, problem } = to(`https://${"a".repeat(5_000)}.example/`);
  expect([name.length, problem]).toEqual([253, "it is no name of a public host"]);
});
