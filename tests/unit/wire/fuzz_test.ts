/** Whatever bytes come: a codec takes them, or refuses them with a WireError, and holds no more than they can be. */
import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { WireError } from "../../../src/base/errors.ts";
import { APIS } from "../../../src/wire/apis.ts";
import { crc32c } from "../../../src/wire/crc32c.ts";
import { readRequestHeader, readResponseHeader } from "../../../src/wire/frame.ts";
import { Reader } from "../../../src/wire/reader.ts";
import {
  BATCH_AT,
  BATCH_HEADER_BYTES,
  COMPRESSION_TYPES,
  recordBatches,
  verifyBatch,
} from "../../../src/wire/record_batch.ts";
import { decodeRecords, encodeRecordBatch } from "../../../src/wire/records.ts";
import { Writer } from "../../../src/wire/writer.ts";
import { mutate, mutations } from "../../support/mutations.ts";
import { capturedFrames } from "../../support/wire_fixtures.ts";

const KIB = 1024;
const MIB = KIB * KIB;

/** Does `action`, which may only fail with a WireError. */
function takeOrRefuse(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
}

Deno.test("Message.decode() takes the frames of real clients and brokers however they were changed, or refuses them", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...capturedFrames()),
      mutations,
      ({ apiKey, version, kind, bytes }, changes) => {
        const api = APIS.get(apiKey) ?? assert.fail(`no API ${apiKey}`);
        takeOrRefuse(() => {
          const reader = new Reader(mutate(bytes, changes));
          reader.skip(4);
          if (kind === "request") readRequestHeader(reader);
          else readResponseHeader(reader, api.response, version);
          return api[kind].decode(reader, version);
        });
      },
    ),
    { numRuns: 20_000 },
  );
});

Deno.test("Message.decode() takes random bytes in every version of every API, or refuses them", () => {
  for (const { request, response } of APIS.values()) {
    for (const message of [request, response]) {
      for (let version = message.minVersion; version <= message.maxVersion; version++) {
        fc.assert(
          fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
            takeOrRefuse(() => message.decode(new Reader(bytes), version));
          }),
          { numRuns: 30 },
        );
      }
    }
  }
});

/** A batch with that body, its size and checksum right: only what is in it is not. */
function batchWith(body: Uint8Array, attributes: number, recordsCount: number): Uint8Array {
  const header = encodeRecordBatch({ records: [{ timestamp: 0n, key: null, value: null }] });
  const batch = new Uint8Array(BATCH_HEADER_BYTES + body.length);
  batch.set(header.subarray(0, BATCH_HEADER_BYTES));
  batch.set(body, BATCH_HEADER_BYTES);
  const view = new DataView(batch.buffer);
  view.setInt32(BATCH_AT.batchLength, batch.length - BATCH_AT.partitionLeaderEpoch);
  view.setInt16(BATCH_AT.attributes, attributes);
  view.setInt32(BATCH_AT.recordsCount, recordsCount);
  view.setUint32(BATCH_AT.crc, crc32c(batch.subarray(BATCH_AT.attributes)));
  return batch;
}

/** Snappy of one literal. */
function snappyOf(bytes: Uint8Array): Uint8Array {
  const writer = new Writer();
  writer.uvarint(bytes.length);
  // 61: its length less one follows in two bytes.
  writer.raw(new Uint8Array([61 << 2, (bytes.length - 1) & 0xff, (bytes.length - 1) >> 8]));
  writer.raw(bytes);
  return writer.written();
}

/** An LZ4 frame of one block with one sequence of literals. */
function lz4Of(bytes: Uint8Array): Uint8Array {
  const extra = bytes.length - 15;
  const lengths = [...new Array(Math.floor(extra / 255)).fill(255), extra % 255];
  const block = new Uint8Array([0xf0, ...lengths, ...bytes]);
  const head = new Uint8Array([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 0, 0, 0, 0]);
  new DataView(head.buffer).setUint32(7, block.length, true);
  return new Uint8Array([...head, ...block, 0, 0, 0, 0]);
}

Deno.test("decodeRecords() takes whatever a right checksum is over, or refuses it", () => {
  const records = Array.from({ length: 20 }, (_, i) => ({
    timestamp: BigInt(i),
    key: new Uint8Array([i]),
    value: new Uint8Array(i),
    headers: [{ key: "h", value: new Uint8Array([1]) }],
  }));
  const body = encodeRecordBatch({ records }).subarray(BATCH_HEADER_BYTES);
  const bodies = [
    { codec: "none", bytes: body },
    { codec: "gzip", bytes: gzipSync(body) },
    { codec: "zstd", bytes: zstdCompressSync(body) },
    { codec: "snappy", bytes: snappyOf(body) },
    { codec: "lz4", bytes: lz4Of(body) },
  ] as const;
  for (const { codec, bytes } of bodies) {
    const batch = batchWith(bytes, COMPRESSION_TYPES.indexOf(codec), records.length);
    assert.equal(decodeRecords(batch).length, records.length, codec);
  }
  const counts = fc.constantFrom(20, 0, -1, 1, 0x7fffffff, -0x80000000);
  fc.assert(
    fc.property(fc.constantFrom(...bodies), mutations, counts, ({ codec, bytes }, changes, count) => {
      const batch = batchWith(mutate(bytes, changes), COMPRESSION_TYPES.indexOf(codec), count);
      assert.equal(verifyBatch(batch), undefined);
      takeOrRefuse(() => decodeRecords(batch));
    }),
    { numRuns: 15_000 },
  );
});

Deno.test("recordBatches() and verifyBatch() take batches however they were changed, or refuse them", () => {
  const good = new Uint8Array(3 * 80);
  for (let i = 0; i < 3; i++) {
    good.set(
      encodeRecordBatch({ records: [{ timestamp: 0n, key: null, value: new Uint8Array(8) }] }),
      i * 80,
    );
  }
  fc.assert(
    fc.property(mutations, (changes) => {
      const bytes = mutate(good, changes);
      takeOrRefuse(() => {
        for (const { at, sizeBytes } of recordBatches(bytes)) {
          assert.ok(at >= 0 && sizeBytes >= BATCH_HEADER_BYTES && at + sizeBytes <= bytes.length);
          verifyBatch(bytes, at);
        }
      });
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("decodeRecords() refuses more records and headers than a batch may have", () => {
  // A record of no key, no value and no headers; and one with as many headers, empty, as there is room for.
  const record = [12, 0, 0, 0, 1, 1, 0];
  const records = new Uint8Array(1_000_000 * record.length).map((_, i) => record[i % record.length] ?? 0);
  assert.throws(
    () => decodeRecords(batchWith(zstdCompressSync(records), COMPRESSION_TYPES.indexOf("zstd"), 1_000_000)),
    { name: "WireError", message: /1000000 records and headers/ },
  );
  const writer = new Writer();
  const headers = 1_000_000;
  const head = new Writer();
  for (const byte of [0, 0, 0, 1, 1]) head.int8(byte);
  head.varint(headers);
  writer.varint(head.position + 2 * headers);
  writer.raw(head.written());
  writer.raw(new Uint8Array(2 * headers));
  assert.throws(() => decodeRecords(batchWith(writer.written(), 0, 1)), {
    name: "WireError",
    message: /1000000 records and headers/,
  });
});

Deno.test("decodeRecords() refuses a bomb, and never holds what it would become", () => {
  const zeros = new Uint8Array(64 * MIB);
  for (const bomb of [gzipSync(zeros), zstdCompressSync(zeros)]) {
    const codec = bomb[0] === 0x1f ? COMPRESSION_TYPES.indexOf("gzip") : COMPRESSION_TYPES.indexOf("zstd");
    const batch = batchWith(bomb, codec, 1);
    assert.ok(batch.length < 100 * KIB);
    assert.throws(() => decodeRecords(batch, 0, { maxUncompressedBytes: MIB }), WireError);
  }
});
