import assert from "node:assert/strict";
import { WireError } from "../../../src/base/errors.ts";
import { Reader } from "../../../src/wire/reader.ts";
import {
  array,
  defineResponse,
  type Input,
  int16,
  int32,
  string,
  struct,
  structure,
} from "../../../src/wire/schema.ts";
import { skipTaggedFields } from "../../../src/wire/tagged_fields.ts";
import { Writer } from "../../../src/wire/writer.ts";

/** Tags out of order in the definition, as Kafka allows. */
const Tagged = defineResponse({
  apiKey: 999,
  name: "TaggedResponse",
  validVersions: "0-1",
  flexibleVersions: "1+",
  fields: {
    plain: int16("0+"),
    second: int32("1+", { tag: 2, taggedVersions: "1+", default: -1 }),
    first: string("1+", { tag: 0, taggedVersions: "1+", nullableVersions: "1+", default: null }),
    leader: structure("1+", struct("Leader", { id: int32("1+", { default: -1 }) }), {
      tag: 5,
      taggedVersions: "1+",
    }),
    nodes: array("1+", "int32", { tag: 7, taggedVersions: "1+" }),
  },
});

const DEFAULTS = { plain: 0, second: -1, first: null, leader: { id: -1 }, nodes: [] };

function encode(value: Input<typeof Tagged>): number[] {
  const writer = new Writer();
  Tagged.encode(writer, value, 1);
  return [...writer.written()];
}

function decode(...bytes: number[]) {
  const reader = new Reader(Uint8Array.from(bytes));
  const value = Tagged.decode(reader, 1);
  reader.expectEnd();
  return value;
}

Deno.test("taggedFieldsCodec() leaves out what is at its default", () => {
  assert.deepEqual(encode({ plain: 1 }), [0, 1, 0]);
  assert.deepEqual(encode({ ...DEFAULTS, plain: 1 }), [0, 1, 0]);
  assert.deepEqual(encode({ plain: 1, leader: {} }), [0, 1, 0]);
  assert.deepEqual(decode(0, 1, 0), { ...DEFAULTS, plain: 1 });
});

Deno.test("taggedFieldsCodec() writes tags in rising order, each with its size", () => {
  const value = { plain: 1, second: 3, first: "a", leader: { id: 4 }, nodes: [5] };
  const bytes = [
    ...[0, 1, 4],
    ...[0, 2, 2, 0x61],
    ...[2, 4, 0, 0, 0, 3],
    ...[5, 5, 0, 0, 0, 4, 0], // the structure has tagged fields of its own: none
    ...[7, 5, 2, 0, 0, 0, 5],
  ];
  assert.deepEqual(encode(value), bytes);
  assert.deepEqual(decode(...bytes), value);
});

Deno.test("taggedFieldsCodec() passes over tags that it does not know", () => {
  assert.deepEqual(decode(0, 1, 3, 1, 2, 9, 9, 2, 4, 0, 0, 0, 3, 100, 0), {
    ...DEFAULTS,
    plain: 1,
    second: 3,
  });
});

const HOSTILE: readonly [name: string, bytes: readonly number[]][] = [
  ["a tag twice", [2, 2, 4, 0, 0, 0, 3, 2, 4, 0, 0, 0, 3]],
  ["tags that fall", [2, 9, 0, 1, 0]],
  ["a size that is too small for its field", [1, 2, 3, 0, 0, 0, 3]],
  ["a size that is too large for its field", [1, 2, 5, 0, 0, 0, 3, 0]],
  ["an unknown tag of 4 GiB", [1, 9, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ["2^32 - 1 tags", [0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0]],
  ["a count of array elements beyond the field", [1, 7, 1, 3]],
];

for (const [name, bytes] of HOSTILE) {
  Deno.test(`taggedFieldsCodec() refuses ${name}`, () => {
    assert.throws(() => decode(0, 1, ...bytes), WireError);
  });
}

Deno.test("skipTaggedFields() passes over all of them, and refuses what is cut short", () => {
  const reader = new Reader(Uint8Array.of(2, 0, 1, 7, 3, 0, 42));
  skipTaggedFields(reader);
  assert.equal(reader.int8(), 42);
  assert.throws(() => skipTaggedFields(new Reader(Uint8Array.of(1, 0, 2, 7))), WireError);
});
