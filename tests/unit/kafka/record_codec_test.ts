import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import KafkajsDecoder from "kafkajs/src/protocol/decoder.js";
import kafkajsDecodeBatch from "kafkajs/src/protocol/recordBatch/v0/decoder.js";
import KafkajsRecord from "kafkajs/src/protocol/recordBatch/record/v0/index.js";
import kafkajsBatch from "kafkajs/src/protocol/recordBatch/v0/index.js";
import { KafkaError } from "../../../src/base/errors.ts";
import { ByteWriter } from "../../../src/kafka/bytes.ts";
import { ConsumedRecord, HeaderNames } from "../../../src/kafka/record.ts";
import { type AbortedTransaction, decodeBatches } from "../../../src/kafka/record_decoder.ts";
import { encodeRecordBody } from "../../../src/kafka/record_body.ts";
import { maxBatchSize, writeRecordBatch } from "../../../src/kafka/record_encoder.ts";
import { crc32c } from "../../../src/wire/crc32c.ts";

interface Sample {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Record<string, Uint8Array>;
  readonly timestamp: number;
}

const bytes = fc.uint8Array({ maxLength: 200 });
const sample: fc.Arbitrary<Sample> = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.dictionary(fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }), bytes, { maxKeys: 4 }),
  timestamp: fc.integer({ min: 0, max: 2 ** 41 }),
});

function encode(samples: readonly Sample[], baseOffset = 0n): Uint8Array {
  const records = samples.map(({ key, value, headers, timestamp }) => ({
    body: encodeRecordBody(key, value, headers),
    timestamp,
  }));
  const writer = new ByteWriter(new Uint8Array(maxBatchSize(records)));
  writeRecordBatch(writer, records, { producerId: 7n, producerEpoch: 1, baseSequence: 3 });
  const batch = writer.bytes.subarray(0, writer.at);
  new DataView(batch.buffer).setBigInt64(0, baseOffset);
  return batch;
}

function decode(bytes: Uint8Array, fromOffset = 0n, abortedTransactions: readonly AbortedTransaction[] = []) {
  const records: ConsumedRecord[] = [];
  const next = decodeBatches({ topic: "t", partition: 2, bytes, fromOffset, abortedTransactions }, records);
  return { records, next };
}

const one: Sample = { key: null, value: new Uint8Array([1]), headers: {}, timestamp: 1_700_000_000_000 };

Deno.test("decodeBatches() reads back what writeRecordBatch() wrote", () => {
  fc.assert(
    fc.property(
      fc.array(sample, { minLength: 1, maxLength: 20 }),
      fc.bigInt({ min: 0n, max: 2n ** 50n }),
      (samples, base) => {
        const { records, next } = decode(encode(samples, base), base);
        assert.equal(next, base + BigInt(samples.length));
        assert.deepEqual(
          records.map(({ key, value, headers, timestamp }) => ({
            key,
            value,
            headers: { ...headers },
            timestamp,
          })),
          samples.map((sample) => ({ ...sample, headers: { ...sample.headers } })),
        );
        records.forEach(({ topic, partition, offset }, i) =>
          assert.deepEqual([topic, partition, offset], ["t", 2, base + BigInt(i)])
        );
      },
    ),
  );
});

Deno.test("writeRecordBatch() is read by kafkajs", async () => {
  await fc.assert(fc.asyncProperty(fc.array(sample, { minLength: 1, maxLength: 5 }), async (samples) => {
    const batch = await kafkajsDecodeBatch(new KafkajsDecoder(Buffer.from(encode(samples))));
    assert.equal(batch.producerId, "7");
    assert.equal(batch.firstSequence, 3);
    assert.deepEqual(
      batch.records.map((
        record: { value: Buffer | null; timestamp: string },
      ) => [record.value && new Uint8Array(record.value), record.timestamp]),
      samples.map(({ value, timestamp }) => [value, String(timestamp)]),
    );
  }));
});

Deno.test("decodeBatches() reads what kafkajs wrote, compressed with gzip too", async () => {
  for (const compression of [0, 1]) {
    const { buffer } = await kafkajsBatch.RecordBatch({
      compression,
      firstTimestamp: 1_000,
      maxTimestamp: 1_005,
      lastOffsetDelta: 1,
      records: [
        KafkajsRecord({ offsetDelta: 0, timestampDelta: 0, key: "k", value: "first", headers: { h: "v" } }),
        KafkajsRecord({ offsetDelta: 1, timestampDelta: 5, key: null, value: "second" }),
      ],
    });
    const { records } = decode(new Uint8Array(buffer));
    assert.deepEqual(records.map((record) => [record.text(), record.timestamp]), [["first", 1_000], [
      "second",
      1_005,
    ]]);
    assert.equal(new TextDecoder().decode(records[0]?.header("h")), "v");
    assert.equal(records[0]?.header("absent"), undefined);
  }
});

Deno.test("decodeBatches() leaves out what stands before the offset asked for", () => {
  const { records, next } = decode(encode([one, one, one], 10n), 12n);
  assert.deepEqual(records.map(({ offset }) => offset), [12n]);
  assert.equal(next, 13n);
});

Deno.test("decodeBatches() leaves a batch that is cut short for the next fetch", () => {
  const whole = encode([one], 0n);
  const second = encode([one, one], 1n);
  for (let length = 0; length < second.length; length++) {
    const { records, next } = decode(new Uint8Array([...whole, ...second.subarray(0, length)]));
    assert.deepEqual([records.length, next], [1, 1n]);
  }
});

Deno.test("decodeBatches() refuses any flipped bit that the CRC covers", () => {
  const batch = encode([one]);
  for (let at = 21; at < batch.length; at++) {
    const wrong = batch.slice();
    wrong[at] = (wrong[at] ?? 0) ^ 0x10;
    assert.throws(
      () => decode(wrong),
      (error) => error instanceof KafkaError && error.code === "CORRUPT_MESSAGE",
    );
  }
});

Deno.test("decodeBatches() fails with a KafkaError, and nothing else, on hostile bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 61, maxLength: 200 }), fc.boolean(), (noise, repairs) => {
    const hostile = noise.slice();
    const view = new DataView(hostile.buffer);
    view.setInt32(8, hostile.length - 12);
    view.setInt8(16, 2);
    view.setInt16(21, view.getInt16(21) & 1);
    if (repairs) view.setUint32(17, crc32c(hostile.subarray(21)));
    try {
      decode(hostile);
    } catch (error) {
      assert.ok(error instanceof KafkaError, String(error));
    }
  }));
});

Deno.test("decodeBatches() names a codec that it does not know, and an old format", () => {
  const recode = (change: (view: DataView) => void) => {
    const batch = encode([one]);
    const view = new DataView(batch.buffer);
    change(view);
    view.setUint32(17, crc32c(batch.subarray(21)));
    return batch;
  };
  const codeOf = (batch: Uint8Array) => {
    try {
      decode(batch);
    } catch (error) {
      return error instanceof KafkaError ? `${error.code} ${error.message}` : error;
    }
  };
  assert.match(String(codeOf(recode((view) => view.setInt16(21, 3)))), /^UNSUPPORTED_COMPRESSION_TYPE .*lz4/);
  assert.match(String(codeOf(recode((view) => view.setInt8(16, 1)))), /^UNSUPPORTED_FOR_MESSAGE_FORMAT .*v1/);
});

Deno.test("decodeBatches() leaves out aborted transactions and their markers", () => {
  const attribute = (batch: Uint8Array, attributes: number) => {
    const view = new DataView(batch.buffer, batch.byteOffset);
    view.setInt16(21, attributes);
    view.setUint32(17, crc32c(batch.subarray(21)));
    return batch;
  };
  const TRANSACTIONAL = 0x10;
  const CONTROL = 0x20;
  const log = new Uint8Array([
    ...attribute(encode([one], 0n), TRANSACTIONAL), // aborted
    ...attribute(encode([one], 1n), TRANSACTIONAL | CONTROL), // its marker
    ...attribute(encode([one], 2n), TRANSACTIONAL), // of the next transaction, committed
    ...attribute(encode([one], 3n), TRANSACTIONAL | CONTROL),
    ...encode([one], 4n),
  ]);
  const { records, next } = decode(log, 0n, [{ producerId: 7n, firstOffset: 0n }]);
  assert.deepEqual(records.map(({ offset }) => offset), [2n, 4n]);
  assert.equal(next, 5n);
});

Deno.test("ConsumedRecord.pick() finds headers wherever they stand, and takes unreadable ones for none", () => {
  fc.assert(
    fc.property(sample, fc.array(fc.string({ maxLength: 20 }), { maxLength: 3 }), (sample, others) => {
      const [record] = decode(encode([sample])).records;
      const names = [...Object.keys(sample.headers), ...others];
      assert.deepEqual(
        record?.pick(new HeaderNames(...names)),
        names.map((name) => Object.hasOwn(sample.headers, name) ? sample.headers[name] : undefined),
      );
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 30 }), (noise) => {
    const record = new ConsumedRecord("t", 0, 0n, 0, null, null, noise, 0, noise.length);
    assert.equal(record.pick(new HeaderNames("a", "bc")).length, 2);
    // What stands around it is never taken for its own.
    const among = new Uint8Array([1, 2, ...noise, 4, 3, 2, 1]);
    const same = new ConsumedRecord("t", 0, 0n, 0, null, null, among, 2, 2 + noise.length);
    assert.deepEqual(same.headers, record.headers);
  }));
});

Deno.test("decodeBatches() gives what stands before a batch that it cannot read, once, and then fails", () => {
  const bad = encode([one, one], 1n);
  bad[bad.length - 1] = (bad.at(-1) ?? 0) ^ 1;
  const good = encode([one]);
  const bytes = new Uint8Array([...good, ...bad]);
  const { records, next } = decode(bytes);
  assert.deepEqual([records.length, next], [1, 1n]);
  assert.throws(() => decode(bytes, next), KafkaError);
});
