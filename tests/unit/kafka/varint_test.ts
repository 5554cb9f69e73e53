import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteWriter, sizeOfVarint } from "../../../src/kafka/bytes.ts";
import { readVarint } from "../../../src/kafka/varint.ts";

Deno.test("readVarint() reads back what ByteWriter.varint() wrote, in the size that sizeOfVarint() told", () => {
  fc.assert(fc.property(fc.integer({ min: -(2 ** 50), max: 2 ** 50 }), (value) => {
    const writer = new ByteWriter(new Uint8Array(10));
    writer.varint(value);
    assert.equal(writer.at, sizeOfVarint(value));
    const cursor = { at: 0 };
    assert.equal(readVarint(writer.bytes, cursor), value);
    assert.equal(cursor.at, writer.at);
  }));
});

Deno.test("readVarint() refuses bytes that end within it, and one without end", () => {
  assert.throws(() => readVarint(new Uint8Array([0x80]), { at: 0 }), RangeError);
  assert.throws(() => readVarint(new Uint8Array(0), { at: 0 }), RangeError);
  assert.throws(() => readVarint(new Uint8Array(11).fill(0x80), { at: 0 }), RangeError);
});
