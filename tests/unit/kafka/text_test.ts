import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeText, encodeText, encodeTextInto } from "../../../src/kafka/text.ts";

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary", maxLength: 100 }),
  fc.string({ minLength: 60, maxLength: 70 }),
);

Deno.test("encodeText() is TextEncoder", () => {
  fc.assert(
    fc.property(anyText, (text) => assert.deepEqual(encodeText(text), new TextEncoder().encode(text))),
  );
});

Deno.test("decodeText() is TextDecoder", () => {
  fc.assert(fc.property(fc.oneof(anyText.map(encodeText), fc.uint8Array({ maxLength: 100 })), (bytes) => {
    assert.equal(decodeText(bytes), new TextDecoder().decode(bytes));
  }));
});

Deno.test("encodeTextInto() writes plain text, and no other", () => {
  const into = new Uint8Array(10);
  assert.equal(encodeTextInto("abc", into, 2), 3);
  assert.deepEqual([...into.subarray(0, 6)], [0, 0, 97, 98, 99, 0]);
  assert.equal(encodeTextInto("ač", into, 0), -1);
});
