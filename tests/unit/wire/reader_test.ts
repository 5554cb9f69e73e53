import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { WireError } from "../../../src/base/errors.ts";
import { MAX_ARRAY_ELEMENTS, MAX_STRING_BYTES } from "../../../src/wire/limits.ts";
import { Reader } from "../../../src/wire/reader.ts";

const read = (...bytes: number[]) => new Reader(Uint8Array.from(bytes));

/** Every method, with bytes that it can read to their end. */
const READS: readonly [
  name: string,
  bytes: readonly number[],
  read: (reader: Reader) => unknown,
  value: unknown,
][] = [
  ["bool", [2], (r) => r.bool(), true],
  ["int8", [0xff], (r) => r.int8(), -1],
  ["int16", [0x80, 0], (r) => r.int16(), -32768],
  ["uint16", [0xff, 0xff], (r) => r.uint16(), 65535],
  ["int32", [0xff, 0xff, 0xff, 0xfe], (r) => r.int32(), -2],
  ["uint32", [0xff, 0xff, 0xff, 0xff], (r) => r.uint32(), 4294967295],
  ["int64", [0x80, 0, 0, 0, 0, 0, 0, 0], (r) => r.int64(), -(2n ** 63n)],
  ["float64", [0x3f, 0xf8, 0, 0, 0, 0, 0, 0], (r) => r.float64(), 1.5],
  ["uvarint", [0x96, 0x01], (r) => r.uvarint(), 150],
  ["uvarint of 32 bits", [0xff, 0xff, 0xff, 0xff, 0x0f], (r) => r.uvarint(), 4294967295],
  ["varint", [0x01], (r) => r.varint(), -1],
  ["varint of 32 bits", [0xff, 0xff, 0xff, 0xff, 0x0f], (r) => r.varint(), -2147483648],
  ["varlong", [0xac, 0x02], (r) => r.varlong(), 150n],
  ["varlong of 49 bits", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], (r) => r.varlong(), -(2n ** 48n)],
  [
    "varlong of 64 bits",
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    (r) => r.varlong(),
    -(2n ** 63n),
  ],
  ["string", [0, 2, 0xc3, 0xa9], (r) => r.string(), "é"],
  ["nullableString", [0xff, 0xff], (r) => r.nullableString(), null],
  ["compactString", [3, 0x61, 0x62], (r) => r.compactString(), "ab"],
  ["compactNullableString", [0], (r) => r.compactNullableString(), null],
  ["bytes", [0, 0, 0, 1, 7], (r) => r.bytes(), Uint8Array.of(7)],
  ["nullableBytes", [0xff, 0xff, 0xff, 0xff], (r) => r.nullableBytes(), null],
  ["compactBytes", [2, 7], (r) => r.compactBytes(), Uint8Array.of(7)],
  ["compactNullableBytes", [0], (r) => r.compactNullableBytes(), null],
  [
    "uuid",
    [0, 17, 34, 51, 68, 85, 102, 119, 136, 153, 170, 187, 204, 221, 238, 255],
    (r) => r.uuid(),
    "00112233-4455-6677-8899-aabbccddeeff",
  ],
  ["raw", [1, 2], (r) => r.raw(2), Uint8Array.of(1, 2)],
];

for (const [name, bytes, method, value] of READS) {
  Deno.test(`Reader reads a value to its end, and no byte less: ${name}`, () => {
    const reader = read(...bytes);
    assert.deepEqual(method(reader), value);
    reader.expectEnd();
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => method(read(...bytes.slice(0, length))), WireError, `cut at ${length}`);
    }
  });
}

/** A length or count that no sane peer sends. */
const HOSTILE: readonly [name: string, bytes: readonly number[], read: (reader: Reader) => unknown][] = [
  ["a null string", [0xff, 0xff], (r) => r.string()],
  ["a string of length -2", [0xff, 0xfe], (r) => r.nullableString()],
  ["a null compact string", [0], (r) => r.compactString()],
  ["a compact string of 4 GiB", [0xff, 0xff, 0xff, 0xff, 0x0f], (r) => r.compactNullableString()],
  ["bytes of length -1", [0xff, 0xff, 0xff, 0xff], (r) => r.bytes()],
  ["bytes of length -2", [0xff, 0xff, 0xff, 0xfe], (r) => r.nullableBytes()],
  ["bytes of 2 GiB", [0x7f, 0xff, 0xff, 0xff], (r) => r.bytes()],
  ["null compact bytes", [0], (r) => r.compactBytes()],
  ["compact bytes of 4 GiB", [0xff, 0xff, 0xff, 0xff, 0x0f], (r) => r.compactNullableBytes()],
  ["an array of -2", [0xff, 0xff, 0xff, 0xfe], (r) => r.arrayCount(1)],
  ["an array of 2^31 - 1", [0x7f, 0xff, 0xff, 0xff], (r) => r.arrayCount(1)],
  ["an array of 2 that needs 3 bytes", [0, 0, 0, 2, 0, 0, 0], (r) => r.arrayCount(2)],
  ["a compact array of 2^32 - 2", [0xff, 0xff, 0xff, 0xff, 0x0f], (r) => r.compactArrayCount(1)],
  ["a varint of 33 bits", [0xff, 0xff, 0xff, 0xff, 0x1f], (r) => r.uvarint()],
  ["a varint of 6 bytes", [0x80, 0x80, 0x80, 0x80, 0x80, 0x00], (r) => r.varint()],
  ["a varlong of 65 bits", [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02], (r) => r.varlong()],
  [
    "a varlong of 11 bytes",
    [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0],
    (r) => r.varlong(),
  ],
  ["a negative length of raw bytes", [0], (r) => r.raw(-1)],
  ["no number as a length of raw bytes", [0], (r) => r.raw(NaN)],
  ["a string that is not UTF-8", [0, 2, 0xc3, 0x28], (r) => r.string()],
  ["a long string that is not UTF-8", [0, 99, ...new Array<number>(99).fill(0xff)], (r) => r.string()],
];

for (const [name, bytes, method] of HOSTILE) {
  Deno.test(`Reader refuses ${name}`, () => {
    assert.throws(() => method(read(...bytes)), WireError);
  });
}

Deno.test("Reader holds a compact string to the length of the others", () => {
  // An UNSIGNED_VARINT of 32768 + 1.
  const bytes = new Uint8Array(3 + MAX_STRING_BYTES + 1).fill(0x61);
  bytes.set([0x81, 0x80, 0x02]);
  assert.throws(() => new Reader(bytes).compactString(), WireError);
});

Deno.test("Reader bounds the elements of all arrays of a message together", () => {
  const bytes = new Uint8Array(MAX_ARRAY_ELEMENTS + 8);
  new DataView(bytes.buffer).setInt32(0, MAX_ARRAY_ELEMENTS);
  new DataView(bytes.buffer).setInt32(4, 1);
  const reader = new Reader(bytes);
  assert.equal(reader.arrayCount(1), MAX_ARRAY_ELEMENTS);
  assert.throws(() => reader.arrayCount(1), WireError);
});

Deno.test("Reader keeps a byte order mark, which belongs to the string", () => {
  assert.equal(read(0, 3, 0xef, 0xbb, 0xbf).string(), "\ufeff");
});

Deno.test("Reader.raw() gives a view, not a copy, and never a Buffer", () => {
  const buffer = Buffer.from([1, 2, 3]);
  const raw = new Reader(buffer).raw(3);
  assert.equal(raw.constructor, Uint8Array);
  buffer[0] = 9;
  assert.equal(raw[0], 9);
});

Deno.test("Reader.expectEnd() refuses what follows a message", () => {
  const reader = read(1, 2);
  reader.skip(1);
  assert.equal(reader.remaining, 1);
  assert.throws(() => reader.expectEnd(), WireError);
});
