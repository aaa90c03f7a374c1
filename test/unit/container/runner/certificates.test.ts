import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it } from "vitest";
import { Certificates } from "../../../../container/runner/certificates.ts";

const root = mkdtempSync(join(tmpdir(), "certificates-"));
afterAll(() => rmSync(root, { recursive: true }));

let directory: string;
let sources: { system: string; platform: string };

beforeEach(() => {
  const own = mkdtempSync(join(root, "of-a-test-"));
  directory = join(own, "scratch", "certificates");
  sources = { system: join(own, "system.crt"), platform: join(own, "cloudflare", "ca.crt") };
  mkdirSync(join(own, "cloudflare"));
  writeFileSync(sources.system, "-- system --\n");
});

function told({ env }: Certificates): { all: string; extra: string } {
  return {
    all: readFileSync(env.SSL_CERT_FILE ?? "", "utf8"),
    extra: readFileSync(env.NODE_EXTRA_CA_CERTS ?? "", "utf8"),
  };
}

it("without an authority of the platform, commands trust whom the system trusts", () => {
  expect(told(new Certificates(directory, sources))).toEqual({ all: "-- system --\n\n", extra: "" });
});

it("with one, they trust it as well", () => {
  writeFileSync(sources.platform, "-- platform --\n");
  expect(told(new Certificates(directory, sources))).toEqual({
    all: "-- system --\n\n-- platform --\n",
    extra: "-- platform --\n",
  });
});

it("one that comes later, or changes, is trusted from the next turn on, under the same names", () => {
  const certificates = new Certificates(directory, sources);
  const before = { ...certificates.env };
  for (const text of ["-- first --\n", "-- second --\n"]) {
    writeFileSync(sources.platform, text);
    expect(told(certificates).all).not.toContain(text);
    certificates.refresh();
    expect(told(certificates)).toEqual({ all: `-- system --\n\n${text}`, extra: text });
  }
  expect(certificates.env).toEqual(before);
});

it("files are written anew only where there is something new, and never half", () => {
  const certificates = new Certificates(directory, sources);
  const path = certificates.env.SSL_CERT_FILE ?? "";
  const { ino } = statSync(path);
  certificates.refresh();
  expect(statSync(path).ino).toBe(ino);
  writeFileSync(sources.platform, "-- platform --\n");
  certificates.refresh();
  expect(statSync(path).ino).not.toBe(ino);
  expect(readdirSync(directory).sort()).toEqual(["all.pem", "platform.pem"]);
});

it("a system without authorities does no harm", () => {
  rmSync(sources.system);
  writeFileSync(sources.platform, "-- platform --\n");
  expect(told(new Certificates(directory, sources)).all).toBe("\n-- platform --\n");
});

it("git, curl, Python, pip, cargo, OpenSSL and Node are told of them", () => {
  const { env } = new Certificates(directory, sources);
  expect(Object.keys(env).sort()).toEqual([
    ...["CARGO_HTTP_CAINFO", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS", "PIP_CERT"],
    ...["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"],
  ]);
});
