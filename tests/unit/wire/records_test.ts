import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { WireError } from "../../../src/base/errors.ts";
import { crc32c } from "../../../src/wire/crc32c.ts";
import {
  BATCH_AT,
  BATCH_HEADER_BYTES,
  BATCH_OVERHEAD_BYTES,
  BatchAttribute,
  readBatchHeader,
  verifyBatch,
} from "../../../src/wire/record_batch.ts";
import { decodeRecords, encodeRecordBatch, type RecordInput } from "../../../src/wire/records.ts";
import { Writer } from "../../../src/wire/writer.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

/** A batch around `body`, right in all but what `body` is. */
function batchAround(
  body: Uint8Array,
  header: { attributes?: number; recordsCount?: number } = {},
): Uint8Array {
  const template = encodeRecordBatch({ records: [{ timestamp: 0n, key: null, value: null }] });
  const bytes = new Uint8Array(BATCH_HEADER_BYTES + body.length);
  bytes.set(template.subarray(0, BATCH_HEADER_BYTES));
  bytes.set(body, BATCH_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setInt32(BATCH_AT.batchLength, bytes.length - BATCH_OVERHEAD_BYTES);
  view.setInt16(BATCH_AT.attributes, header.attributes ?? 0);
  view.setInt32(BATCH_AT.recordsCount, header.recordsCount ?? 1);
  view.setUint32(BATCH_AT.crc, crc32c(bytes.subarray(BATCH_AT.attributes)));
  assert.equal(verifyBatch(bytes), undefined);
  return bytes;
}

const anyBytes = fc.option(fc.uint8Array({ maxLength: 40 }));
const anyHeader = fc.record(
  { key: fc.string({ unit: "binary", maxLength: 60 }), value: anyBytes },
  { noNullPrototype: true },
);
const anyRecord: fc.Arbitrary<RecordInput> = fc.record({
  timestamp: fc.bigInt({ min: 0n, max: 2n ** 61n }),
  key: anyBytes,
  value: anyBytes,
  headers: fc.array(anyHeader, {
    maxLength: 3,
  }),
});

Deno.test("decodeRecords() gives what encodeRecordBatch() took, compressed or not, anywhere in the bytes", () => {
  fc.assert(fc.property(
    fc.array(anyRecord, { minLength: 1, maxLength: 8 }),
    fc.constantFrom("none" as const, "gzip" as const),
    fc.bigInt({ min: 0n, max: 2n ** 60n }),
    fc.nat(9),
    (records, compression, baseOffset, at) => {
      const batch = encodeRecordBatch({ records, compression, baseOffset });
      const bytes = new Uint8Array(at + batch.length + 3);
      bytes.set(batch, at);
      assert.equal(verifyBatch(bytes, at), undefined);
      assert.deepEqual(
        decodeRecords(bytes, at),
        records.map((record, i) => ({ offset: baseOffset + BigInt(i), ...record })),
      );
    },
  ));
});

Deno.test("encodeRecordBatch() writes the bytes that Kafka's documentation describes", () => {
  const batch = encodeRecordBatch({
    baseOffset: 5n,
    isTransactional: true,
    isControl: true,
    records: [
      { timestamp: 100n, key: utf8("k"), value: null },
      { timestamp: 99n, offsetDelta: 7, key: null, value: utf8("v"), headers: [{ key: "h", value: null }] },
    ],
  });
  const header = readBatchHeader(batch);
  assert.equal(header.lastOffsetDelta, 7);
  assert.equal(header.baseTimestamp, 100n);
  assert.equal(header.maxTimestamp, 100n);
  assert.equal(header.attributes, BatchAttribute.transactional | BatchAttribute.control);
  assert.deepEqual([header.producerId, header.producerEpoch, header.baseSequence], [-1n, -1, -1]);
  assert.deepEqual([...batch.subarray(BATCH_HEADER_BYTES)], [
    ...[14, 0, 0, 0, 2, 0x6b, 1, 0],
    ...[20, 0, 1, 14, 1, 2, 0x76, 2, 2, 0x68, 1],
  ]);
});

Deno.test("encodeRecordBatch() refuses a batch without records", () => {
  assert.throws(() => encodeRecordBatch({ records: [] }), RangeError);
});

Deno.test("decodeRecords() gives the time of appending where the batch says so", () => {
  const attributes = BatchAttribute.logAppendTime;
  const batch = batchAround(Uint8Array.of(12, 0, 20, 0, 1, 1, 0), { attributes });
  new DataView(batch.buffer).setBigInt64(BATCH_AT.maxTimestamp, 5000n);
  assert.equal(decodeRecords(batch)[0]?.timestamp, 5000n);
});

Deno.test("decodeRecords() refuses a batch cut short, at every byte", () => {
  const batch = encodeRecordBatch({ records: [{ timestamp: 1n, key: utf8("k"), value: utf8("v") }] });
  for (let length = 0; length < batch.length; length++) {
    assert.throws(() => decodeRecords(batch.subarray(0, length)), WireError);
  }
});

const RECORD = [14, 0, 0, 0, 2, 0x6b, 1, 0];
const HOSTILE: readonly [name: string, body: readonly number[], recordsCount?: number][] = [
  ["2^31 - 1 records", RECORD, 2 ** 31 - 1],
  ["-1 records", RECORD, -1],
  ["more records than there are", RECORD, 2],
  ["fewer records than there are", [...RECORD, ...RECORD], 1],
  ["a record that is longer than its length", [12, 0, 0, 0, 2, 0x6b, 1, 0]],
  ["a record that is shorter than its length", [16, 0, 0, 0, 2, 0x6b, 1, 0]],
  ["a record of negative length", [1, 0, 0, 0, 2, 0x6b, 1, 0]],
  ["a key of length -2", [14, 0, 0, 0, 3, 0x6b, 1, 0]],
  ["a key beyond the batch", [14, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0x0f]],
  ["a value of 2 GiB", [20, 0, 0, 0, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0]],
  ["2^31 - 1 headers", [20, 0, 0, 0, 1, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f]],
  ["-1 headers", [12, 0, 0, 0, 1, 1, 1]],
  ["a header without a key", [16, 0, 0, 0, 1, 1, 2, 1, 1]],
  ["a header's key that is not UTF-8", [20, 0, 0, 0, 1, 1, 2, 4, 0xc3, 0x28, 1]],
];

for (const [name, body, recordsCount = 1] of HOSTILE) {
  Deno.test(`decodeRecords() refuses ${name}`, () => {
    assert.throws(() => decodeRecords(batchAround(Uint8Array.from(body), { recordsCount })), WireError);
  });
}

Deno.test("decodeRecords() takes any body, or refuses it with a WireError", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.integer(),
      fc.nat(7),
      (body, recordsCount, attributes) => {
        try {
          decodeRecords(batchAround(body, { attributes, recordsCount: recordsCount % 8 }));
        } catch (error) {
          assert.ok(error instanceof WireError, `${error}`);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("decodeRecords() reads no more of a gzip than it may become", () => {
  const record = new Writer();
  const value = new Uint8Array(1_000_000);
  record.int8(0);
  record.varlong(0n);
  record.varint(0);
  record.varint(-1);
  record.varint(value.length);
  record.raw(value);
  record.varint(0);
  const body = new Writer();
  body.varint(record.position);
  body.raw(record.written());
  const compressed = gzipSync(body.written());
  assert.ok(compressed.length < 2000);
  const batch = batchAround(compressed, { attributes: 1 });

  assert.deepEqual(decodeRecords(batch, 0, { maxUncompressedBytes: body.position })[0]?.value, value);
  assert.throws(() => decodeRecords(batch, 0, { maxUncompressedBytes: body.position - 1 }), WireError);
});

Deno.test("decodeRecords() gives up on a gzip bomb before it has filled the memory", () => {
  // 2 GiB of zeroes, in members of 16 MiB: gzip's members stand one after another.
  const member = gzipSync(new Uint8Array(16 * 1024 * 1024));
  const bomb = new Uint8Array(member.length * 128);
  for (let i = 0; i < 128; i++) bomb.set(member, i * member.length);
  assert.throws(() => decodeRecords(batchAround(bomb, { attributes: 1 })), (error) => {
    assert.ok(error instanceof WireError);
    assert.match(`${error.cause}`, /larger than 67108864 bytes/);
    return true;
  });
});

Deno.test("decodeRecords() refuses what is no gzip, no snappy, no lz4, no zstd, and codecs that there are not", () => {
  const body = Uint8Array.from(RECORD);
  assert.throws(() => decodeRecords(batchAround(body, { attributes: 1 })), /no gzip/);
  assert.throws(
    () => decodeRecords(batchAround(gzipSync(body).subarray(0, 12), { attributes: 1 })),
    WireError,
  );
  for (
    const [attributes, name] of [[2, "snappy"], [3, "lz4"], [4, "zstd"], [5, "attributes 5"]] as const
  ) {
    assert.throws(() => decodeRecords(batchAround(body, { attributes })), {
      name: "WireError",
      message: new RegExp(name),
    });
  }
});
