import { describe, expect, it } from "vitest";
import { accepts, mediaTypeOf } from "../../../src/rest/media-type.ts";

describe("accepts", () => {
  it.each([
    [undefined, true],
    ["*/*", true],
    ["text/html, */*;q=0.8", true],
    ["application/*", true],
    ["application/zip", true],
    ["Application/ZIP ; q=0.5", true],
    ["text/html, application/zip", true],
    ["text/html", false],
    ["application/json", false],
    ["application/zip;q=0", false],
    ["*/*; q=0.0, text/html", false],
    ["", false],
  ])("%j: %s", (accept, expected) => {
    const request = new Request("https://a.example", accept === undefined ? {} : { headers: { accept } });
    expect(accepts(request, ["application/zip"])).toBe(expected);
  });
});

it("the media type of a body comes without parameters, in lower case", () => {
  const typed = (type: string) => mediaTypeOf(new Request("https://a.example", { headers: { "content-type": type } }));
  expect(typed("Application/JSON; charset=utf-8")).toBe("application/json");
  expect(mediaTypeOf(new Request("https://a.example"))).toBe("");
});
