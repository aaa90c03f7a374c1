import { expect, test } from "vitest";
import { quotePath } from "../../../../container/lib/quote-path.ts";

test.each([
  ["src/main.ts", "src/main.ts"],
  ["two words", "two words"],
  ["~!#$%&'()*+,-.;<=>?@[]^_`{|}", "~!#$%&'()*+,-.;<=>?@[]^_`{|}"],
  ['a"b', '"a\\"b"'],
  ["a\\b", '"a\\\\b"'],
  ["\u0007\b\t\n\v\f\r", '"\\a\\b\\t\\n\\v\\f\\r"'],
  ["\u0001\u001b\u007f", '"\\001\\033\\177"'],
  ["größe", '"gr\\303\\266\\303\\237e"'],
  ["😀 x", '"\\360\\237\\230\\200 x"'],
])("quotes %j as git does", (path, quoted) => {
  expect(quotePath(path)).toBe(quoted);
});
