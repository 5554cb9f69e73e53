import assert from "node:assert/strict";
import fc from "fast-check";
import { LinearRegExp } from "../../../src/base/linear_regexp.ts";

/** An expression of the kind, as text. */
const pattern = fc.letrec((tie) => ({
  atom: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(
      "a",
      "b",
      "-",
      ".",
      "[ab]",
      "[^a]",
      "[a-c]",
      "[-a]",
      "\\d",
      "\\W",
      "\\.",
      "\\-",
      "[\\w-]",
    ),
    tie("alternatives").map((inner) => `(${inner})`),
    tie("alternatives").map((inner) => `(?:${inner})`),
  ),
  repeated: fc.tuple(tie("atom"), fc.constantFrom("", "", "*", "+", "?", "{2}", "{1,2}", "{1,}", "*?"))
    .map((parts) => parts.join("")),
  sequence: fc.array(tie("repeated"), { maxLength: 3 }).map((parts) => parts.join("")),
  alternatives: fc.array(tie("sequence"), { minLength: 1, maxLength: 2 }).map((parts) => parts.join("|")),
})).alternatives.map(String);

const text = fc.array(fc.constantFrom("a", "b", "c", "-", ".", "1", "\n"), { maxLength: 6 })
  .map((characters) => characters.join(""));

Deno.test("LinearRegExp.matches() is what JavaScript's expression says of the whole text", () => {
  fc.assert(
    fc.property(pattern, text, (source, input) => {
      assert.equal(new LinearRegExp(source).matches(input), new RegExp(`^(?:${source})$`).test(input));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("LinearRegExp.matches() takes no longer for what keeps others busy for ever", () => {
  const input = "a".repeat(5_000);
  assert.equal(new LinearRegExp("(a*)*b").matches(input), false);
  assert.equal(new LinearRegExp("(a|a|aa)+").matches(input), true);
  assert.equal(new LinearRegExp("(((){1000}){1000}){1000}").matches(""), true);
});

Deno.test("LinearRegExp refuses what is no expression, and what is too large, with the reason", () => {
  const broken = [
    "(",
    "a)",
    "[",
    "[a",
    "*a",
    "a{2,1}",
    "(?i)a",
    "\\p",
    "\\",
    "[b-a]",
    "a{1001}",
    "(".repeat(200),
  ];
  for (const source of [...broken, "((a{100}){100}){100}"]) {
    assert.throws(() => new LinearRegExp(source), SyntaxError, source);
  }
});

Deno.test("LinearRegExp.matches() knows anchors, and characters beyond 16 bits as one", () => {
  assert.equal(new LinearRegExp("^ab$").matches("ab"), true);
  assert.equal(new LinearRegExp("a^b").matches("ab"), false);
  assert.equal(new LinearRegExp(".").matches("😀"), true);
});
