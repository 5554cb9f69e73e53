import assert from "node:assert/strict";
import fc from "fast-check";
import { rowsOf } from "../../../src/demos/chat/input_rows.ts";

const FAMILY = "👨‍👩‍👧‍👦";

Deno.test("rowsOf() breaks where a row is full, and has room for the cursor after the last", () => {
  assert.deepEqual(rowsOf("", 4), [""]);
  assert.deepEqual(rowsOf("abc", 4), ["abc"]);
  assert.deepEqual(rowsOf("abcd", 4), ["abcd", ""]);
  assert.deepEqual(rowsOf("abcdefghi", 4), ["abcd", "efgh", "i"]);
});

Deno.test("rowsOf() breaks no character in two that fits a row, and counts the most that it may take", () => {
  assert.deepEqual(rowsOf("abc東京", 4), ["abc", "東京", ""]);
  assert.deepEqual(rowsOf(`ab${FAMILY}c`, 9), ["ab", `${FAMILY}c`, ""]);
  assert.deepEqual(rowsOf("👍🏽👍🏽🇫🇷", 5), ["👍🏽", "👍🏽", "🇫🇷"]);
  assert.deepEqual(rowsOf("❤️❤️", 4), ["❤️", "❤️"]);
  assert.deepEqual(rowsOf("e\u0301".repeat(5), 4), ["e\u0301".repeat(4), "e\u0301"]);
  assert.deepEqual(rowsOf(FAMILY, 5), ["👨‍👩‍", "👧‍👦"]);
});

Deno.test("rowsOf() gives colours no cell", () => {
  assert.deepEqual(rowsOf("\x1b[1mab\x1b[22mcd", 4), ["\x1b[1mab\x1b[22mcd", ""]);
});

Deno.test("rowsOf() keeps the whole text, whatever it is", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 20 }), (text, columns) => {
    assert.equal(rowsOf(text, columns).join(""), text);
  }));
});
