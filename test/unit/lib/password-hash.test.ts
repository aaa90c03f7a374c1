import { expect, it } from "vitest";
import { configProblems } from "../../../src/config.ts";
import { hashPassword, rehash } from "../../../src/lib/password-hash.ts";
import { isOwnerPassword } from "../../../src/signin/owner-password.ts";

it("a hash is another one each time, and fits a line of settings", () => {
  const [one, two] = [hashPassword("correct horse battery"), hashPassword("correct horse battery")];
  expect(one).toMatch(/^scrypt:16384:8:5:[\w-]{22}:[\w-]{43}$/);
  expect(one).not.toBe(two);
  expect(configProblems({ OWNER_PASSWORD: one })).toEqual([]);
});

it("the same password gives the same hash with the same salt", () => {
  const stored = hashPassword("correct horse battery");
  expect(rehash("correct horse battery", stored)).toBe(stored);
  expect(rehash("correct horse batter", stored)).not.toBe(stored);
});

it.each([
  ["plain", "pässword of mine"],
  ["hashed", hashPassword("pässword of mine")],
])("a %s password is the same in every spelling of Unicode", async (_, stored) => {
  expect(await isOwnerPassword("pässword of mine".normalize("NFD"), stored)).toBe(true);
  expect(await isOwnerPassword("password of mine", stored)).toBe(false);
});

it("the hash itself is no password", async () => {
  const stored = hashPassword("correct horse battery");
  expect(await isOwnerPassword(stored, stored)).toBe(false);
});
