import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_STRING_BYTES } from "../../../src/wire/limits.ts";
import { Reader } from "../../../src/wire/reader.ts";
import { Buffer } from "node:buffer";
import { ATTACHED_BYTES, Writer } from "../../../src/wire/writer.ts";

/** How a type is written and read, and any value of it. */
function roundTrip<T>(
  name: string,
  arbitrary: fc.Arbitrary<T>,
  write: (writer: Writer, value: T) => void,
  read: (reader: Reader) => T,
): void {
  Deno.test(`Writer writes what Reader reads: ${name}`, () => {
    fc.assert(fc.property(fc.array(arbitrary), (values) => {
      // No room at first, so that every growth is met.
      const writer = new Writer(0);
      for (const value of values) write(writer, value);
      const reader = new Reader(writer.written());
      assert.deepEqual(values.map(() => read(reader)), values);
      reader.expectEnd();
    }));
  });
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const text = fc.string({ unit: "binary", maxLength: 80 });
const bytes: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 80 });

roundTrip("bool", fc.boolean(), (w, v) => w.bool(v), (r) => r.bool());
roundTrip("int8", fc.integer({ min: -128, max: 127 }), (w, v) => w.int8(v), (r) => r.int8());
roundTrip("int16", fc.integer({ min: -32768, max: 32767 }), (w, v) => w.int16(v), (r) => r.int16());
roundTrip("uint16", fc.nat(65535), (w, v) => w.uint16(v), (r) => r.uint16());
roundTrip("int32", fc.integer(), (w, v) => w.int32(v), (r) => r.int32());
roundTrip("uint32", fc.nat(4294967295), (w, v) => w.uint32(v), (r) => r.uint32());
roundTrip("int64", int64, (w, v) => w.int64(v), (r) => r.int64());
roundTrip("float64", fc.double(), (w, v) => w.float64(v), (r) => r.float64());
roundTrip("uvarint", fc.nat(4294967295), (w, v) => w.uvarint(v), (r) => r.uvarint());
roundTrip("varint", fc.integer(), (w, v) => w.varint(v), (r) => r.varint());
roundTrip("varlong", int64, (w, v) => w.varlong(v), (r) => r.varlong());
roundTrip("string", text, (w, v) => w.string(v), (r) => r.string());
roundTrip("nullable string", fc.option(text), (w, v) => w.string(v), (r) => r.nullableString());
roundTrip("compact string", text, (w, v) => w.compactString(v), (r) => r.compactString());
roundTrip(
  "compact nullable string",
  fc.option(text),
  (w, v) => w.compactString(v),
  (r) => r.compactNullableString(),
);
roundTrip("bytes", bytes, (w, v) => w.bytes(v), (r) => r.bytes());
roundTrip("nullable bytes", fc.option(bytes), (w, v) => w.bytes(v), (r) => r.nullableBytes());
roundTrip("compact bytes", bytes, (w, v) => w.compactBytes(v), (r) => r.compactBytes());
roundTrip(
  "compact nullable bytes",
  fc.option(bytes),
  (w, v) => w.compactBytes(v),
  (r) => r.compactNullableBytes(),
);
roundTrip("uuid", fc.uuid(), (w, v) => w.uuid(v), (r) => r.uuid());

/** Zigzag and base 128, from the Protocol Buffers documentation and Kafka's ByteUtilsTest. */
const VARINTS: readonly [value: number, bytes: readonly number[]][] = [
  [0, [0x00]],
  [-1, [0x01]],
  [1, [0x02]],
  [63, [0x7e]],
  [-64, [0x7f]],
  [64, [0x80, 0x01]],
  [8191, [0xfe, 0x7f]],
  [-8192, [0xff, 0x7f]],
  [8192, [0x80, 0x80, 0x01]],
  [1048575, [0xfe, 0xff, 0x7f]],
  [134217727, [0xfe, 0xff, 0xff, 0x7f]],
  [2147483647, [0xfe, 0xff, 0xff, 0xff, 0x0f]],
  [-2147483648, [0xff, 0xff, 0xff, 0xff, 0x0f]],
];

Deno.test("Writer.varint() and varlong() write the bytes that Kafka writes", () => {
  for (const [value, expected] of VARINTS) {
    for (const write of [(w: Writer) => w.varint(value), (w: Writer) => w.varlong(BigInt(value))]) {
      const writer = new Writer();
      write(writer);
      assert.deepEqual([...writer.written()], expected, `${value}`);
    }
  }
});

Deno.test("Writer refuses what does not fit its type", () => {
  const writer = new Writer();
  const refused: readonly (() => void)[] = [
    () => writer.int8(128),
    () => writer.int16(-32769),
    () => writer.uint16(-1),
    () => writer.int32(2 ** 31),
    () => writer.int32(1.5),
    () => writer.int32(NaN),
    () => writer.uint32(-1),
    () => writer.int64(2n ** 63n),
    () => writer.varint(2 ** 31),
    () => writer.varlong(-(2n ** 63n) - 1n),
    () => writer.uvarint(-1),
    () => writer.string("x".repeat(MAX_STRING_BYTES + 1)),
    () => writer.compactString("é".repeat(MAX_STRING_BYTES / 2 + 1)),
    () => writer.uuid("not a uuid"),
    () => writer.uuid("00112233-4455-6677-8899-AABBCCDDEEFF"),
    () => writer.patchInt32(writer.position, 0),
  ];
  for (const write of refused) assert.throws(write, RangeError, `${write}`);
});

Deno.test("Writer writes a lone surrogate as U+FFFD, as TextEncoder does", () => {
  const writer = new Writer();
  writer.string("a\ud800b\udc00");
  assert.equal(new Reader(writer.written()).string(), "a\ufffdb\ufffd");
});

Deno.test("Writer.reset() forgets what was written", () => {
  const writer = new Writer();
  writer.int32(1);
  writer.reset();
  writer.int8(2);
  assert.deepEqual([...writer.written()], [2]);
});

Deno.test("Writer.patchInt32() writes over what is there", () => {
  const writer = new Writer();
  writer.int32(0);
  writer.int8(5);
  writer.patchInt32(0, 258);
  assert.deepEqual([...writer.written()], [0, 0, 1, 2, 5]);
});

Deno.test("Writer.parts() has large bytes as they were given, and written() all of it", () => {
  const writer = new Writer();
  const large = new Uint8Array(ATTACHED_BYTES).fill(7);
  const small = new Uint8Array(ATTACHED_BYTES - 1).fill(8);
  const starts: number[] = [];
  for (let frame = 1; frame <= 3; frame++) {
    const start = writer.position;
    starts.push(start);
    writer.int32(0);
    writer.bytes(large);
    writer.compactBytes(small);
    writer.patchInt32(start, frame);
  }
  writer.raw(large);
  const parts = [...writer.parts()];
  assert.equal(parts.filter((part) => part === large).length, 4);
  const whole = writer.written();
  assert.equal(whole.length, writer.position);
  assert.deepEqual(Buffer.concat(parts), Buffer.from(whole));
  const reader = new Reader(whole);
  for (let frame = 1; frame <= 3; frame++) {
    assert.equal(reader.position, starts[frame - 1]);
    assert.equal(reader.int32(), frame);
    assert.deepEqual(reader.bytes(), large);
    assert.deepEqual(reader.compactBytes(), small);
  }
  assert.throws(() => writer.patchInt32(writer.position - 4, 0), RangeError);
  assert.throws(() => writer.patchInt32(writer.position - ATTACHED_BYTES - 1, 0), RangeError);
  writer.reset();
  assert.deepEqual([...writer.parts()], []);
});
