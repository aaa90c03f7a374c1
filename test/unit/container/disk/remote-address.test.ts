// Names are looked up once, and lead nowhere but to public addresses.
import { expect, it } from "vitest";
import { checkRemote, isPublic } from "../../../../container/disk/files/remote-address.ts";

const check = (url: string, ...addresses: string[]) =>
  checkRemote(url, { allowed: [], looksUp: true, resolve: async () => addresses });

it("a name with public addresses is what it leads to", async () => {
  expect(await check("https://git.example.com/a/b.git", "93.184.216.34", "2606:2800:220:1::1")).toMatchObject({
    addresses: ["93.184.216.34", "2606:2800:220:1::1"],
  });
});

it("one private address among others is enough to refuse a name", async () => {
  const refused = { status: 422, body: { code: "url_refused" } };
  await expect(check("https://git.example.com/x", "93.184.216.34", "10.0.0.1")).rejects.toMatchObject(refused);
  await expect(check("https://git.example.com/x", "::ffff:127.0.0.1")).rejects.toMatchObject(refused);
});

it("a name without an address is not reachable", async () => {
  await expect(check("https://git.example.com/x")).rejects.toMatchObject({ body: { code: "unreachable" } });
});

it("nothing is looked up where the network is somebody else's to judge, but addresses still are", async () => {
  const options = { allowed: [], looksUp: false, resolve: () => Promise.reject(new Error("looked up")) };
  expect(await checkRemote("https://git.example.com/x", options)).toMatchObject({ addresses: [] });
  for (const url of ["https://169.254.169.254/x", "https://localhost/x", "https://a.internal/x"]) {
    await expect(checkRemote(url, options)).rejects.toMatchObject({ body: { code: "url_refused" } });
  }
});

it.each([
  ...["0.0.0.0", "10.1.1.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.31.0.1", "192.168.1.1", "198.18.0.1"],
  ...["224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "::ffff:10.0.0.1"],
  ...["64:ff9b::a00:1", "2002:a00:1::", "2001:db8::1", "2001::1", "no address"],
])("%s is not public", (address) => {
  expect(isPublic(address)).toBe(false);
});

it.each(["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"])("%s is public", (address) => {
  expect(isPublic(address)).toBe(true);
});
