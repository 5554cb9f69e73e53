import assert from "node:assert/strict";
import fc from "fast-check";
import { WireError } from "../../../src/base/errors.ts";
import {
  BATCH_AT,
  BATCH_HEADER_BYTES,
  compressionTypeOf,
  patchBaseOffset,
  patchPartitionLeaderEpoch,
  readBatchHeader,
  recordBatches,
  verifyBatch,
} from "../../../src/wire/record_batch.ts";
import { encodeRecordBatch } from "../../../src/wire/records.ts";

const VALUE = new TextEncoder().encode("hello");

/** A batch of `count` records. */
function batch(count = 2, baseOffset = 0n): Uint8Array<ArrayBuffer> {
  return encodeRecordBatch({
    baseOffset,
    partitionLeaderEpoch: 3,
    producerId: 9n,
    producerEpoch: 1,
    baseSequence: 4,
    records: Array.from(
      { length: count },
      (_, i) => ({ timestamp: 1000n + BigInt(i), key: null, value: VALUE }),
    ),
  });
}

function concat(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

Deno.test("readBatchHeader() reads every field, wherever the batch stands", () => {
  const bytes = concat(new Uint8Array(5), batch(2, 70n));
  const { crc, ...header } = readBatchHeader(bytes, 5);
  assert.deepEqual(header, {
    at: 5,
    sizeBytes: bytes.length - 5,
    baseOffset: 70n,
    batchLength: bytes.length - 5 - 12,
    partitionLeaderEpoch: 3,
    magic: 2,
    attributes: 0,
    lastOffsetDelta: 1,
    baseTimestamp: 1000n,
    maxTimestamp: 1001n,
    producerId: 9n,
    producerEpoch: 1,
    baseSequence: 4,
    recordsCount: 2,
  });
  assert.ok(crc > 0);
});

Deno.test("readBatchHeader() refuses a header cut short, at every byte", () => {
  const bytes = batch();
  for (let length = 0; length < BATCH_HEADER_BYTES; length++) {
    assert.throws(() => readBatchHeader(bytes.subarray(0, length)), WireError);
    assert.equal(verifyBatch(bytes.subarray(0, length)), "truncated");
  }
  assert.throws(() => readBatchHeader(bytes, -1), WireError);
  assert.throws(() => readBatchHeader(bytes, bytes.length + 1), WireError);
});

Deno.test("verifyBatch() says that a batch is right, and stays so with another offset and leader's epoch", () => {
  const bytes = batch();
  assert.equal(verifyBatch(bytes), undefined);
  patchBaseOffset(bytes, 0, 2n ** 40n);
  patchPartitionLeaderEpoch(bytes, 0, 77);
  assert.equal(verifyBatch(bytes), undefined);
  const { baseOffset, partitionLeaderEpoch } = readBatchHeader(bytes);
  assert.deepEqual({ baseOffset, partitionLeaderEpoch }, { baseOffset: 2n ** 40n, partitionLeaderEpoch: 77 });
});

Deno.test("verifyBatch() tells every single wrong bit of what the checksum covers", () => {
  const bytes = batch();
  for (let bit = BATCH_AT.crc * 8; bit < bytes.length * 8; bit++) {
    const wrong = bytes.slice();
    wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ 1 << (bit & 7);
    assert.equal(verifyBatch(wrong), "crc", `bit ${bit}`);
  }
});

Deno.test("verifyBatch() tells a wrong length, format and end", () => {
  const changed = (change: (view: DataView) => void) => {
    const bytes = batch();
    change(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return bytes;
  };
  for (const length of [48, 0, -1, -(2 ** 31)]) {
    const bytes = changed((view) => view.setInt32(BATCH_AT.batchLength, length));
    assert.equal(verifyBatch(bytes), "length");
    assert.throws(() => readBatchHeader(bytes), WireError);
    assert.throws(() => [...recordBatches(bytes)], WireError);
  }
  for (const length of [2 ** 31 - 1, batch().length]) {
    assert.equal(verifyBatch(changed((view) => view.setInt32(BATCH_AT.batchLength, length))), "truncated");
  }
  for (const magic of [0, 1, 3, -1]) {
    const bytes = changed((view) => view.setInt8(BATCH_AT.magic, magic));
    assert.equal(verifyBatch(bytes), "magic");
    assert.throws(() => readBatchHeader(bytes), WireError);
  }
});

Deno.test("recordBatches() gives one batch after another, and stops at one that is cut short", () => {
  const bytes = concat(batch(1, 0n), batch(3, 1n), batch(2, 4n));
  const offsets = (part: Uint8Array) => [...recordBatches(part)].map((header) => header.baseOffset);
  assert.deepEqual(offsets(bytes), [0n, 1n, 4n]);
  assert.deepEqual(offsets(bytes.subarray(0, bytes.length - 1)), [0n, 1n]);
  assert.deepEqual(offsets(bytes.subarray(0, batch(1).length + 3)), [0n]);
  assert.deepEqual(offsets(new Uint8Array()), []);
});

Deno.test("recordBatches() takes any bytes, or refuses them with a WireError", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    if (bytes.length > BATCH_AT.magic) bytes[BATCH_AT.magic] = 2;
    try {
      for (const header of recordBatches(bytes)) assert.ok(header.at + header.sizeBytes <= bytes.length);
    } catch (error) {
      assert.ok(error instanceof WireError, `${error}`);
    }
  }));
});

Deno.test("compressionTypeOf() names the codecs that Kafka has", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 7, 0x20 | 1].map(compressionTypeOf), [
    "none",
    "gzip",
    "snappy",
    "lz4",
    "zstd",
    undefined,
    undefined,
    "gzip",
  ]);
});
