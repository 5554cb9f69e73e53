import assert from "node:assert/strict";
import { MemoryStorage } from "../../../../src/broker/state/memory_storage.ts";
import { Partition } from "../../../../src/broker/state/partition.ts";
import { TailPool } from "../../../../src/broker/state/tail.ts";
import { parseTopicConfig } from "../../../../src/broker/state/topic_config.ts";
import { crc32c } from "../../../../src/wire/crc32c.ts";
import { ErrorCode } from "../../../../src/wire/error_codes.ts";
import { BATCH_AT, readBatchHeader, verifyBatch } from "../../../../src/wire/record_batch.ts";
import { encodeRecordBatch } from "../../../../src/wire/records.ts";
import { batchOf, contentOf } from "../../../support/batches.ts";

const CONFIG = parseTopicConfig(new Map(), {});
const NOW_MS = 1_800_000_000_000;
const PRODUCERS = { max: 10, expirationMs: 86_400_000 };

function opened(storage: MemoryStorage): Partition {
  const tails = new TailPool(1 << 16, 1 << 16);
  const partition = new Partition(0, "t/0", { storage, tails, producers: PRODUCERS, fsync: false });
  partition.open(NOW_MS);
  return partition;
}

/** A batch with some bytes changed, and its checksum right again. */
function changed(batch: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  change(view);
  view.setUint32(BATCH_AT.crc, crc32c(batch.subarray(BATCH_AT.attributes)));
  return batch;
}

Deno.test("Partition.append() gives offsets in the order of the batches", () => {
  const partition = opened(new MemoryStorage());
  assert.equal(partition.append(batchOf(["a", "b"]), CONFIG, NOW_MS).baseOffset, 0n);
  const result = partition.append(batchOf(["c"]), CONFIG, NOW_MS);
  assert.deepEqual(result, {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    baseOffset: 2n,
    logAppendTimeMs: -1n,
    logStartOffset: 0n,
  });
  assert.equal(partition.highWatermark, 3n);
});

Deno.test("Partition.append() refuses what is no good batch, and appends nothing", () => {
  const partition = opened(new MemoryStorage());
  const good = () => batchOf(["a"]);
  const cases: [string, Uint8Array, number][] = [
    ["nothing", new Uint8Array(), ErrorCode.INVALID_RECORD],
    ["cut short", good().subarray(0, -1), ErrorCode.INVALID_RECORD],
    ["a wrong checksum", good().fill(9, -1), ErrorCode.CORRUPT_MESSAGE],
    ["another magic", changed(good(), (view) => view.setInt8(BATCH_AT.magic, 1)), ErrorCode.INVALID_RECORD],
    [
      "a negative length",
      changed(good(), (view) => view.setInt32(BATCH_AT.batchLength, -5)),
      ErrorCode.CORRUPT_MESSAGE,
    ],
    [
      "a huge length",
      changed(good(), (view) => view.setInt32(BATCH_AT.batchLength, 2 ** 30)),
      ErrorCode.INVALID_RECORD,
    ],
    ["two batches", new Uint8Array([...good(), ...good()]), ErrorCode.INVALID_RECORD],
    [
      "no records",
      changed(good(), (view) => view.setInt32(BATCH_AT.recordsCount, 0)),
      ErrorCode.INVALID_RECORD,
    ],
    [
      "more offsets than records",
      changed(good(), (v) => v.setInt32(BATCH_AT.lastOffsetDelta, 5)),
      ErrorCode.INVALID_RECORD,
    ],
    [
      "an offset of its own",
      changed(good(), (view) => view.setBigInt64(BATCH_AT.baseOffset, 7n)),
      ErrorCode.INVALID_RECORD,
    ],
    [
      "an epoch that no producer has",
      batchOf(["a"], { producerId: 1n, producerEpoch: -2, baseSequence: 0 }),
      ErrorCode.INVALID_PRODUCER_EPOCH,
    ],
    [
      "a control batch",
      changed(good(), (view) => view.setInt16(BATCH_AT.attributes, 0x20)),
      ErrorCode.INVALID_RECORD,
    ],
    [
      "unknown compression",
      changed(good(), (view) => view.setInt16(BATCH_AT.attributes, 7)),
      ErrorCode.INVALID_RECORD,
    ],
    [
      "a producer without sequence",
      batchOf(["a"], { producerId: 1n, producerEpoch: 0 }),
      ErrorCode.INVALID_RECORD,
    ],
  ];
  for (const [name, batch, errorCode] of cases) {
    const result = partition.append(batch, CONFIG, NOW_MS);
    assert.equal(result.errorCode, errorCode, name);
    assert.equal(result.baseOffset, -1n);
  }
  assert.equal(partition.log.endOffset, 0n);
});

Deno.test("Partition.append() takes exactly max.message.bytes, and not one more", () => {
  const partition = opened(new MemoryStorage());
  const batch = batchOf(["x".repeat(100)]);
  const append = (maxMessageBytes: number) =>
    partition.append(batch, { ...CONFIG, maxMessageBytes }, NOW_MS).errorCode;
  assert.equal(append(batch.length - 1), ErrorCode.MESSAGE_TOO_LARGE);
  assert.equal(append(batch.length), ErrorCode.NONE);
});

Deno.test("Partition.append() takes no record without a key where the topic is compacted", () => {
  const partition = opened(new MemoryStorage());
  const compacted = parseTopicConfig(new Map([["cleanup.policy", "compact"]]), {});
  assert.equal(partition.append(batchOf(["a"]), compacted, NOW_MS).errorCode, ErrorCode.INVALID_RECORD);
  const keyed = encodeRecordBatch({ records: [{ timestamp: 1n, key: new Uint8Array(1), value: null }] });
  assert.equal(partition.append(keyed, compacted, NOW_MS).errorCode, ErrorCode.NONE);
});

Deno.test("Partition.append() sets the broker's time where the topic asks for it", () => {
  const partition = opened(new MemoryStorage());
  const result = partition.append(
    batchOf(["a"], { timestamp: 5 }),
    { ...CONFIG, logAppendTime: true },
    NOW_MS,
  );
  assert.equal(result.logAppendTimeMs, BigInt(NOW_MS));
  const stored = partition.log.read(0n, 1n, 1_000, true);
  assert.equal(verifyBatch(stored), undefined);
  assert.equal(readBatchHeader(stored).maxTimestamp, BigInt(NOW_MS));
  assert.equal(readBatchHeader(stored).attributes & 0x08, 0x08);
});

Deno.test("Partition.append() answers a batch that comes again with its offset, also after a restart", () => {
  const storage = new MemoryStorage();
  const sent = (baseSequence: number) =>
    batchOf(["a", "b"], { producerId: 7n, producerEpoch: 0, baseSequence });
  const first = opened(storage);
  for (const sequence of [0, 2, 4]) first.append(sent(sequence), CONFIG, NOW_MS);
  for (const partition of [first, opened(storage)]) {
    const again = partition.append(sent(2), CONFIG, NOW_MS);
    assert.deepEqual([again.errorCode, again.baseOffset], [ErrorCode.NONE, 2n]);
    assert.equal(partition.append(sent(8), CONFIG, NOW_MS).errorCode, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert.equal(partition.log.endOffset, 6n);
  }
});

Deno.test("Partition.highWatermark waits for the sync in fsync mode", async () => {
  const storage = new MemoryStorage();
  const tails = new TailPool(1 << 16, 1 << 16);
  const partition = new Partition(0, "t/0", { storage, tails, producers: PRODUCERS, fsync: true });
  partition.append(batchOf(["a"]), CONFIG, NOW_MS);
  assert.equal(partition.highWatermark, 0n);
  const synced = partition.sync();
  partition.append(batchOf(["b"]), CONFIG, NOW_MS);
  await synced;
  assert.equal(partition.highWatermark, 1n);
  assert.deepEqual(contentOf(partition.log.read(0n, partition.highWatermark, 10_000, true)), ["0:a"]);
});

Deno.test("Partition.isNewFailure() is so once for each reason, until an append succeeds", () => {
  const partition = opened(new MemoryStorage());
  assert.deepEqual(["full", "full", "gone"].map((reason) => partition.isNewFailure(reason)), [
    true,
    false,
    true,
  ]);
  partition.append(batchOf(["a"]), CONFIG, NOW_MS);
  assert.equal(partition.isNewFailure("gone"), true);
});

/** A transactional batch of one record, taken by whoever asks. */
function transactional(partition: Partition, value: string, producerId: bigint, baseSequence = 0): bigint {
  const batch = changed(batchOf([value], { producerId, producerEpoch: 0, baseSequence }), (view) => {
    view.setInt16(BATCH_AT.attributes, 0x10);
  });
  const guard = { isEpochPerTransaction: false, admit: () => ErrorCode.NONE };
  return partition.append(batch, CONFIG, NOW_MS, guard).baseOffset;
}

/** Aborted transactions among what is read from one offset up to another. */
function abortedIn(partition: Partition, from: bigint, to: bigint) {
  return partition.abortedAmong(from, partition.log.read(from, to, 1_000_000, true));
}

function end(partition: Partition, producerId: bigint, isCommit: boolean): void {
  partition.endTransaction({ producerId, producerEpoch: 0, isCommit }, CONFIG, NOW_MS);
}

Deno.test("Partition.append() takes no transactional batch that nobody answers for", () => {
  const partition = opened(new MemoryStorage());
  const batch = () =>
    changed(batchOf(["a"], { producerId: 1n, producerEpoch: 0, baseSequence: 0 }), (view) => {
      view.setInt16(BATCH_AT.attributes, 0x10);
    });
  const refused = partition.append(batch(), CONFIG, NOW_MS);
  assert.equal(refused.errorCode, ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  const guard = { isEpochPerTransaction: true, admit: () => ErrorCode.INVALID_PRODUCER_EPOCH };
  assert.equal(
    partition.append(batch(), CONFIG, NOW_MS, guard).errorCode,
    ErrorCode.INVALID_PRODUCER_EPOCH,
  );
  assert.equal(partition.log.endOffset, 0n);
});

Deno.test("Partition.lastStableOffset is where the earliest transaction under way begins, also after a restart", () => {
  const storage = new MemoryStorage();
  const partition = opened(storage);
  const check = (expected: bigint) => {
    assert.equal(partition.lastStableOffset, expected);
    assert.equal(opened(storage).lastStableOffset, expected);
  };
  partition.append(batchOf(["a"]), CONFIG, NOW_MS);
  check(1n);
  transactional(partition, "b", 1n);
  transactional(partition, "c", 2n);
  check(1n);
  end(partition, 1n, true);
  check(2n);
  end(partition, 2n, false);
  check(5n);
});

Deno.test("Partition.abortedAmong() gives the aborted transactions that overlap, also after a restart", () => {
  const storage = new MemoryStorage();
  const partition = opened(storage);
  transactional(partition, "0", 1n);
  transactional(partition, "1", 2n);
  end(partition, 1n, false); // 2
  transactional(partition, "3", 3n);
  end(partition, 2n, true); // 4
  end(partition, 3n, false); // 5
  end(partition, 4n, false); // 6, of nothing
  for (const one of [partition, opened(storage)]) {
    const first = { producerId: 1n, firstOffset: 0n };
    const second = { producerId: 3n, firstOffset: 3n };
    assert.deepEqual(abortedIn(one, 0n, 7n), [first, second]);
    assert.deepEqual(abortedIn(one, 0n, 3n), [first]);
    assert.deepEqual(abortedIn(one, 2n, 3n), [first]);
    assert.deepEqual(abortedIn(one, 3n, 7n), [second]);
    assert.deepEqual(abortedIn(one, 6n, 7n), []);
  }
});

Deno.test("Partition.endTransaction() writes the marker that Apache Kafka writes", () => {
  const partition = opened(new MemoryStorage());
  partition.endTransaction({ producerId: 4000n, producerEpoch: 1, isCommit: true }, CONFIG, NOW_MS);
  const marker = partition.log.read(0n, 1n, 1_000, true);
  assert.equal(verifyBatch(marker), undefined);
  const header = readBatchHeader(marker);
  assert.equal(header.attributes, 0x30);
  assert.deepEqual([header.baseSequence, header.recordsCount, header.lastOffsetDelta], [-1, 1, 0]);
  assert.deepEqual([header.producerId, header.producerEpoch], [4000n, 1]);
  // The record: its length 16, attributes, deltas, a key of version 0 and type 1 (commit), a value of version 0 and epoch 0.
  assert.equal(
    marker.subarray(BATCH_AT.records).toHex(),
    "20" + "000000" + "0800000001" + "0c000000000000" + "00",
  );
});
