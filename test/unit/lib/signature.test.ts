import { expect, it } from "vitest";
import { importSigningKey, isSigned, sign } from "../../../src/lib/signature.ts";

const CHARACTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"];

it("takes a tag in one spelling only, of one text and one purpose", async () => {
  const key = await importSigningKey("secret");
  const tag = await sign(key, "token", "text");
  const spellings = CHARACTERS.map((character) => `${tag.slice(0, -1)}${character}`);
  const taken = await Promise.all(spellings.map((spelling) => isSigned(key, "token", "text", spelling)));
  expect(spellings.filter((_, index) => taken[index])).toEqual([tag]);
  expect(await isSigned(key, "session", "text", tag)).toBe(false);
  expect(await isSigned(key, "token", "texts", tag)).toBe(false);
  expect(await isSigned(await importSigningKey("another"), "token", "text", tag)).toBe(false);
});
