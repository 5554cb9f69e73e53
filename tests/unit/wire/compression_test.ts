import assert from "node:assert/strict";
import fc from "fast-check";
import { WireError } from "../../../src/base/errors.ts";
import { compress, decompress } from "../../../src/wire/compression.ts";
import { lz4Decompress } from "../../../src/wire/lz4.ts";
import { batchWith, rawRecords } from "../../../src/wire/raw_records.ts";
import {
  BATCH_HEADER_BYTES,
  COMPRESSION_TYPES,
  readBatchHeader,
  verifyBatch,
} from "../../../src/wire/record_batch.ts";
import { decodeRecords } from "../../../src/wire/records.ts";
import { snappyDecompress } from "../../../src/wire/snappy.ts";

const CODECS = ["gzip", "snappy", "lz4", "zstd"] as const;
const MAX_BYTES = 1 << 20;
const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A batch that kafka-clients compressed: see the README beside it. */
function fixture(codec: string): Uint8Array {
  const text = Deno.readTextFileSync(new URL(`../../fixtures/batches/${codec}.base64`, import.meta.url));
  return Uint8Array.fromBase64(text.replaceAll("\n", ""));
}

/** The key and value of each record in the fixtures. */
function* pairs(): Iterable<readonly [string, string]> {
  let seed = 1n;
  for (let i = 0; i < 40; i++) {
    let value = "";
    for (let j = 0; j < 5 * i; j++) {
      seed = (seed * 1103515245n + 12345n) & 0x7fffffffn;
      value += String.fromCharCode(97 + Number((seed >> 16n) % 26n));
    }
    yield [`key-${i}`, value];
  }
  yield ["long", "ab".repeat(40_000)];
}

for (const codec of CODECS) {
  Deno.test(`decodeRecords() and rawRecords() read what kafka-clients compressed by ${codec}`, () => {
    const batch = fixture(codec);
    assert.equal(verifyBatch(batch), undefined);
    assert.equal(COMPRESSION_TYPES[readBatchHeader(batch).attributes & 7], codec);
    const read = decodeRecords(batch).map(({ key, value }) => [textOf(key ?? batch), textOf(value ?? batch)]);
    assert.deepEqual(read, [...pairs()]);
    assert.deepEqual(rawRecords(batch).map(({ key }) => textOf(key ?? batch)), read.map(([key]) => key));
  });

  Deno.test(`decompress() of ${codec} refuses what is cut short, changed, or grows too far, with a WireError`, () => {
    const batch = fixture(codec);
    const { attributes } = readBatchHeader(batch);
    const body = batch.subarray(BATCH_HEADER_BYTES);
    assert.throws(() => decompress(body, attributes, 50_000), WireError);
    fc.assert(
      fc.property(
        fc.nat(body.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (at, bits, isCut) => {
          const changed = isCut ? body.slice(0, at) : body.slice();
          if (!isCut) changed[at] = (changed[at] ?? 0) ^ bits;
          try {
            assert.ok(decompress(changed, attributes, MAX_BYTES).length <= MAX_BYTES);
          } catch (error) {
            if (!(error instanceof WireError)) throw error;
          }
        },
      ),
      { numRuns: 300 },
    );
  });
}

Deno.test("snappyDecompress() and lz4Decompress() refuse any bytes with a WireError, if at all", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const frame = new Uint8Array([
        0x04,
        0x22,
        0x4d,
        0x18,
        0x60,
        0x40,
        0x82,
        bytes.length,
        0,
        0,
        0,
        ...bytes,
      ]);
      for (const read of [() => snappyDecompress(bytes, 1_000), () => lz4Decompress(frame, 1_000)]) {
        try {
          assert.ok(read().length <= 1_000);
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
        }
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("snappyDecompress() reads a bare block", () => {
  // "ab" as a literal, then a copy of six bytes from two back.
  assert.equal(textOf(snappyDecompress(new Uint8Array([8, 4, 97, 98, 0b00001001, 2]), 100)), "abababab");
});

Deno.test("compress() writes what decompress() reads", () => {
  for (const [attributes, codec] of [[0, "none"], [1, "gzip"], [4, "zstd"]] as const) {
    const bytes = bytesOf("again and again and again");
    assert.deepEqual(new Uint8Array(decompress(compress(bytes, codec), attributes, 100)), bytes);
  }
});

Deno.test("batchWith() leaves records out, and keeps the others' bytes, offsets and times", () => {
  for (const codec of CODECS) {
    const batch = fixture(codec);
    const wanted = (offset: bigint) => offset % 3n === 1n;
    for (const deleteHorizonMs of [undefined, 1_800_000_000_000n]) {
      const smaller = batchWith(
        batch,
        rawRecords(batch).filter(({ offset }) => wanted(offset)),
        deleteHorizonMs,
      );
      assert.equal(verifyBatch(smaller), undefined);
      assert.deepEqual(decodeRecords(smaller), decodeRecords(batch).filter(({ offset }) => wanted(offset)));
      const [before, after] = [readBatchHeader(batch), readBatchHeader(smaller)];
      assert.equal(after.lastOffsetDelta, before.lastOffsetDelta);
      // Snappy and LZ4 are read, not written.
      const isWritten = codec === "gzip" || codec === "zstd";
      assert.equal(COMPRESSION_TYPES[after.attributes & 7], isWritten ? codec : "none");
    }
    const empty = readBatchHeader(batchWith(batch, []));
    assert.deepEqual([empty.recordsCount, empty.lastOffsetDelta], [0, 40]);
  }
});
