import assert from "node:assert/strict";
import fc from "fast-check";
import { printable } from "../../../src/demos/chat/printable.ts";

Deno.test("printable() shows what steers a terminal as its escape", () => {
  assert.equal(printable("\x1b[2J\x1b]0;title\x07"), "\\x1b[2J\\x1b]0;title\\x07");
  assert.equal(printable("a\x9b31mb\x7f\b\r"), "a\\x9b31mb\\x7f\\x08\\x0d");
  assert.equal(printable("\u202edesrever\u2066"), "\\u{202e}desrever\\u{2066}");
});

Deno.test("printable() leaves text in any script, emoji, tabs and line breaks", () => {
  const text = "Grüße, 東京 👩‍🚀\tשלום\nzweite Zeile";
  assert.equal(printable(text), text);
  assert.equal(printable("dos\r\nlines"), "dos\nlines");
});

Deno.test("printable() leaves no control character, whatever comes", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert.doesNotMatch(printable(text).replace(/[\t\n]/g, ""), /[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
  }));
});
