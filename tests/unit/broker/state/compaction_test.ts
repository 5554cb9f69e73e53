import assert from "node:assert/strict";
import fc from "fast-check";
import { compact, type CompactedPartition } from "../../../../src/broker/state/compaction.ts";
import { MemoryStorage } from "../../../../src/broker/state/memory_storage.ts";
import { PartitionLog } from "../../../../src/broker/state/partition_log.ts";
import { extentOf } from "../../../../src/broker/state/segment.ts";
import { type Storage, StorageError } from "../../../../src/broker/state/storage.ts";
import { TailPool } from "../../../../src/broker/state/tail.ts";
import { parseTopicConfig } from "../../../../src/broker/state/topic_config.ts";
import { encodeEndTxnMarker } from "../../../../src/wire/control_records.ts";
import {
  BatchAttribute,
  patchBaseOffset,
  readBatchHeader,
  recordBatches,
  type RecordBatchHeader,
  verifyBatch,
} from "../../../../src/wire/record_batch.ts";
import { decodeRecords, encodeRecordBatch, type RecordBatchInput } from "../../../../src/wire/records.ts";
import { FailingStorage } from "../../../support/failing_storage.ts";
import { NO_STATE } from "../../../support/log_states.ts";
import { PowerLossStorage } from "../../../support/power_loss_storage.ts";

const NOW_MS = 1_700_000_000_000;
const ALL = 2n ** 62n;
const CONFIG = {
  ...parseTopicConfig(new Map([["cleanup.policy", "compact"], ["min.cleanable.dirty.ratio", "0"]]), {}),
  segmentBytes: 400,
  deleteRetentionMs: 1_000,
};
const pause = () => Promise.resolve();
const encoder = new TextEncoder();
const decoder = new TextDecoder();

type Pair = readonly [key: string, value: string | null];
interface Record {
  readonly offset: bigint;
  readonly key: string;
  readonly value: string | null;
  readonly timestamp: bigint;
}

function opened(storage: Storage): PartitionLog {
  const log = new PartitionLog(storage, "t/0", new TailPool(0, 0));
  log.open(NOW_MS, NO_STATE);
  return log;
}

function appendBytes(log: PartitionLog, batch: Uint8Array): bigint {
  const offset = log.endOffset;
  patchBaseOffset(batch, 0, offset);
  log.append(batch, extentOf(readBatchHeader(batch)), CONFIG, NOW_MS);
  return offset;
}

function append(log: PartitionLog, pairs: readonly Pair[], options: Partial<RecordBatchInput> = {}): bigint {
  const records = pairs.map(([key, value], i) => ({
    timestamp: BigInt(NOW_MS + i),
    key: encoder.encode(key),
    value: value === null ? null : encoder.encode(value),
    headers: [{ key: "h", value: encoder.encode(key) }],
  }));
  return appendBytes(log, encodeRecordBatch({ records, ...options }));
}

/** Makes the newest segment a closed one. */
function roll(log: PartitionLog): void {
  append(log, [["filler", "x".repeat(CONFIG.segmentBytes)]]);
  append(log, [["filler", "y"]]);
}

function batchesOf(log: PartitionLog): { header: RecordBatchHeader; bytes: Uint8Array }[] {
  const found: { header: RecordBatchHeader; bytes: Uint8Array }[] = [];
  for (let offset = log.startOffset; offset < log.endOffset;) {
    const bytes = log.read(offset, ALL, 1_000_000, true).slice();
    if (bytes.length === 0) break;
    for (const header of recordBatches(bytes)) {
      const batch = bytes.slice(header.at, header.at + header.sizeBytes);
      assert.equal(verifyBatch(batch), undefined);
      found.push({ header, bytes: batch });
      offset = extentOf(header).nextOffset;
    }
  }
  return found;
}

function recordsOf(log: PartitionLog): Record[] {
  return batchesOf(log).filter(({ header }) => (header.attributes & BatchAttribute.control) === 0)
    .flatMap(({ bytes }) =>
      decodeRecords(bytes).map(({ offset, key, value, timestamp, headers }) => {
        const name = decoder.decode(key ?? new Uint8Array());
        assert.equal(decoder.decode(headers[0]?.value ?? new Uint8Array()), name);
        return { offset, key: name, value: value === null ? null : decoder.decode(value), timestamp };
      })
    );
}

function partitionOf(log: PartitionLog, aborted: { producerId: bigint; from: bigint; to: bigint }[] = []) {
  return {
    log,
    get lastStableOffset() {
      return log.endOffset;
    },
    abortedBetween: (from, to) => aborted.filter((one) => one.from < to && one.to >= from),
    forgetAborted(markers) {
      aborted = aborted.filter((one) => !markers.has(one.to));
    },
    isActiveProducer: () => true,
  } satisfies CompactedPartition;
}

const run = (log: PartitionLog, nowMs = NOW_MS, config = CONFIG) =>
  compact(partitionOf(log), config, nowMs, pause);
const brief = (records: readonly Record[]) =>
  records.filter(({ key }) => key !== "filler").map(({ offset, key, value }) => `${offset}:${key}=${value}`);

Deno.test("compact() keeps the last value of each key with its offset, also over a restart", async () => {
  using storage = new MemoryStorage();
  const log = opened(storage);
  append(log, [["a", "1"], ["b", "1"]]);
  append(log, [["a", "2"], ["c", "1"]]);
  append(log, [["b", "2"]]);
  roll(log);
  assert.equal(await run(log), true);
  assert.deepEqual(brief(recordsOf(log)), ["2:a=2", "3:c=1", "4:b=2"]);
  assert.equal(await run(log), false, "nothing is left to do");
  const again = opened(storage);
  assert.deepEqual(recordsOf(again), recordsOf(log));
  assert.equal(again.endOffset, log.endOffset);
  assert.equal(again.compactedOffset, log.compactedOffset);
});

Deno.test("compact() leaves the newest segment, what is undecided, and what is too new", async () => {
  using storage = new MemoryStorage();
  const log = opened(storage);
  append(log, [["a", "1"]]);
  append(log, [["a", "2"]]);
  assert.equal(await run(log), false, "there is one segment, and it is the newest");
  roll(log);
  const undecided = { ...partitionOf(log), lastStableOffset: 1n };
  assert.equal(await compact(undecided, CONFIG, NOW_MS, pause), false);
  assert.equal(await run(log, NOW_MS + 10, { ...CONFIG, minCompactionLagMs: 5_000 }), false);
  assert.equal(await run(log, NOW_MS + 6_000, { ...CONFIG, minCompactionLagMs: 5_000 }), true);
  assert.deepEqual(brief(recordsOf(log)), ["1:a=2"]);
});

Deno.test("compact() waits for min.cleanable.dirty.ratio, but not beyond max.compaction.lag.ms", async () => {
  using storage = new MemoryStorage();
  const log = opened(storage);
  for (let i = 0; i < 20; i++) append(log, [[`key${i}`, "x".repeat(100)]]);
  roll(log);
  await run(log);
  append(log, [["key1", "new"]]);
  roll(log);
  const config = { ...CONFIG, minCleanableDirtyRatio: 0.9, maxCompactionLagMs: 60_000 };
  assert.equal(await run(log, NOW_MS + 1_000, config), false);
  assert.equal(await run(log, NOW_MS + 61_000, config), true);
  assert.equal(recordsOf(log).filter(({ key }) => key === "key1").length, 1);
});

Deno.test("compact() keeps a tombstone for delete.retention.ms after the first time, with its timestamp", async () => {
  using storage = new MemoryStorage();
  const log = opened(storage);
  append(log, [["a", "1"], ["b", "1"]]);
  append(log, [["a", null], ["c", "1"]]);
  roll(log);
  await run(log);
  assert.deepEqual(brief(recordsOf(log)), ["1:b=1", "2:a=null", "3:c=1"]);
  assert.deepEqual(recordsOf(log).slice(1, 3).map(({ timestamp }) => timestamp), [
    BigInt(NOW_MS),
    BigInt(NOW_MS + 1),
  ]);
  const [, batch] = batchesOf(log);
  assert.equal((batch?.header.attributes ?? 0) & BatchAttribute.deleteHorizon, BatchAttribute.deleteHorizon);
  assert.equal(batch?.header.baseTimestamp, BigInt(NOW_MS + CONFIG.deleteRetentionMs));
  for (const [laterMs, isThere] of [[500, true], [1_000, false]] as const) {
    roll(log);
    await run(log, NOW_MS + laterMs);
    assert.equal(brief(recordsOf(log)).includes("2:a=null"), isThere);
  }
  assert.deepEqual(brief(recordsOf(log)), ["1:b=1", "3:c=1"]);
});

Deno.test("compact() leaves the last batch of each producer, empty", async () => {
  using storage = new MemoryStorage();
  const log = opened(storage);
  append(log, [["a", "1"]], { producerId: 7n, producerEpoch: 0, baseSequence: 0 });
  append(log, [["a", "2"], ["a", "3"]], { producerId: 7n, producerEpoch: 0, baseSequence: 1 });
  append(log, [["a", "4"]]);
  roll(log);
  await run(log);
  const [empty] = batchesOf(log);
  const { baseOffset, lastOffsetDelta, recordsCount, producerId, baseSequence } = empty?.header ??
    assert.fail();
  assert.deepEqual([baseOffset, lastOffsetDelta, recordsCount, producerId, baseSequence], [1n, 1, 0, 7n, 1]);
  assert.deepEqual(brief(recordsOf(log)), ["3:a=4"]);
  // When the producer goes on, its older batch goes.
  append(log, [["b", "1"]], { producerId: 7n, producerEpoch: 0, baseSequence: 3 });
  roll(log);
  await run(log);
  assert.equal(batchesOf(log).some(({ header }) => header.recordsCount === 0), false);
});

Deno.test("compact() drops what was aborted, which replaces nothing, and keeps markers as long as they matter", async () => {
  using storage = new MemoryStorage();
  const log = opened(storage);
  const transactional = { isTransactional: true, producerEpoch: 0, baseSequence: 0 };
  const end = (producerId: bigint, isCommit: boolean) =>
    appendBytes(
      log,
      encodeEndTxnMarker({
        isCommit,
        coordinatorEpoch: 0,
        producerId,
        producerEpoch: 0,
        timestamp: BigInt(NOW_MS),
      }),
    );
  append(log, [["a", "good"]]);
  append(log, [["a", "aborted"]], { ...transactional, producerId: 1n });
  const abortAt = end(1n, false);
  append(log, [["b", "old"]], { ...transactional, producerId: 2n });
  end(2n, true);
  append(log, [["b", "new"]], { ...transactional, producerId: 2n, baseSequence: 1 });
  const commitAt = end(2n, true);
  for (const producerId of [1n, 2n]) {
    append(log, [["z", `${producerId}`]], { producerId, producerEpoch: 0, baseSequence: 2 });
  }
  roll(log);
  const partition = partitionOf(log, [{ producerId: 1n, from: 1n, to: abortAt }]);
  const markers = () =>
    batchesOf(log).filter(({ header }) => (header.attributes & BatchAttribute.control) !== 0)
      .map(({ header }) => header.baseOffset);
  await compact(partition, CONFIG, NOW_MS, pause);
  assert.deepEqual(brief(recordsOf(log)), ["0:a=good", "5:b=new", "8:z=2"]);
  assert.deepEqual(markers(), [abortAt, 4n, commitAt]);
  // Whoever is told of the abort is to find its end.
  assert.equal(partition.abortedBetween(0n, ALL).length, 0);
  roll(log);
  await compact(partition, CONFIG, NOW_MS + 5_000, pause);
  // Nothing of the abort and of the first commit is left; the second has its record.
  assert.deepEqual(markers(), [commitAt]);
});

Deno.test("compact() keeps the marker of an abort for as long as a start may tell of the abort", async () => {
  using storage = new MemoryStorage();
  const log = opened(storage);
  append(log, [["a", "1"]], { isTransactional: true, producerId: 1n, producerEpoch: 0, baseSequence: 0 });
  const marker = { isCommit: false, coordinatorEpoch: 0, producerId: 1n, producerEpoch: 0 };
  const abortAt = appendBytes(log, encodeEndTxnMarker({ ...marker, timestamp: BigInt(NOW_MS) }));
  const aborted = [{ producerId: 1n, from: 0n, to: abortAt }];
  const hasMarker = () => batchesOf(log).some(({ header }) => header.baseOffset === abortAt);
  // That the abort is to be forgotten was lost in a crash, once.
  for (const [laterMs, isForgotten] of [[0, false], [5_000, true], [10_000, true]] as const) {
    roll(log);
    const partition = { ...partitionOf(log, aborted), isActiveProducer: () => false };
    await compact(partition, CONFIG, NOW_MS + laterMs, pause);
    if (isForgotten) aborted.length = 0;
    assert.equal(hasMarker(), laterMs < 10_000);
  }
  assert.deepEqual(batchesOf(log).filter(({ header }) => header.producerId === 1n), []);
});

Deno.test("compact() makes one segment of those that have room in one, and keeps to segment.bytes", async () => {
  using storage = new MemoryStorage();
  const log = opened(storage);
  // Of each segment a little stays.
  for (let i = 0; i < 40; i++) {
    append(log, [[`${i}`, "stays"], ["goes", "x".repeat(CONFIG.segmentBytes / 2)]]);
  }
  roll(log);
  const before = log.segments.length;
  for (let i = 0; i < 2; i++) {
    await run(log);
    roll(log);
  }
  const { closed } = log.segments;
  assert.ok(before > 40 && closed.length < 20, `${before} segments, then ${closed.length}`);
  const merged = closed.filter(({ baseOffset, lastBase }) => lastBase > baseOffset);
  assert.ok(merged.length > 5 && merged.every(({ sizeBytes }) => sizeBytes <= CONFIG.segmentBytes));
  const stayed = brief(recordsOf(log)).filter((record) => record.endsWith("=stays"));
  assert.deepEqual(stayed, Array.from({ length: 40 }, (_, i) => `${2 * i}:${i}=stays`));
  assert.equal(namesOf(storage).length, log.segments.length);
  const again = opened(storage);
  assert.deepEqual(recordsOf(again), recordsOf(log));
  assert.equal(again.segments.length, log.segments.length);
});

Deno.test("compact() writes compressed batches anew in their compression, and leaves what it cannot read", async () => {
  using storage = new MemoryStorage();
  const log = opened(storage);
  for (const compression of ["gzip", "zstd"] as const) {
    append(log, [["a", compression], [compression, "x"]], { compression });
  }
  const snappy = encodeRecordBatch({ records: [{ timestamp: 1n, key: encoder.encode("a"), value: null }] });
  new DataView(snappy.buffer).setInt16(21, 2);
  const { crc32c } = await import("../../../../src/wire/crc32c.ts");
  new DataView(snappy.buffer).setUint32(17, crc32c(snappy.subarray(21)));
  const at = appendBytes(log, snappy);
  append(log, [["a", "last"]]);
  roll(log);
  await run(log);
  const found = batchesOf(log);
  assert.deepEqual(found.slice(0, 3).map(({ header }) => header.attributes & 7), [1, 4, 2]);
  assert.deepEqual(found[2]?.bytes.subarray(8), snappy.subarray(8));
  assert.equal(found[2]?.header.baseOffset, at);
  assert.deepEqual(
    found.slice(0, 2).map(({ bytes }) =>
      decodeRecords(bytes).map(({ key }) => decoder.decode(key ?? snappy))
    ),
    [
      ["gzip"],
      ["zstd"],
    ],
  );
});

Deno.test("compact() ends without harm when the log is closed, or its start moves, meanwhile", async () => {
  for (const meanwhile of ["close", "delete"] as const) {
    using storage = new MemoryStorage();
    const log = opened(storage);
    for (let i = 0; i < 30; i++) append(log, [["a", `${i}`]]);
    roll(log);
    let pauses = 0;
    await compact(partitionOf(log), CONFIG, NOW_MS, async () => {
      if (++pauses !== 5) return;
      if (meanwhile === "close") log.close();
      else await log.deleteRecordsBefore(20n);
    });
    const again = opened(storage);
    assert.equal(again.endOffset, log.endOffset);
    assert.equal(again.startOffset, meanwhile === "close" ? 0n : 20n);
    assert.equal(recordsOf(again).filter(({ key }) => key === "a").at(-1)?.value, "29");
  }
});

/** Several segments are made one, at the first time. */
const MERGING = { ...CONFIG, segmentBytes: 3 * CONFIG.segmentBytes };
const namesOf = (storage: Storage) => storage.list("t/0").filter((name) => name.endsWith(".log"));

for (const end of ["a kill", "a power loss"] as const) {
  Deno.test(`compact() cut short by ${end} at any point leaves all last values, and is done again`, async () => {
    let isDone = false;
    for (let changes = 1; !isDone; changes++) {
      using before = new PowerLossStorage();
      const written: Record[] = [];
      {
        const log = opened(before);
        for (let i = 0; i < 24; i++) {
          // Of each segment something stays.
          const [key, value] = [i % 3 === 0 ? `only ${i}` : `${i % 5}`, i % 7 === 3 ? null : `value ${i}`];
          written.push({ offset: append(log, [[key, value]]), key, value, timestamp: BigInt(NOW_MS) });
        }
        await log.deleteRecordsBefore(1n);
        written.shift();
      }
      try {
        const log = opened(new FailingStorage(before, changes));
        for (let i = 0; i < 2; i++) await run(log, NOW_MS + 2_000 * i, MERGING);
        isDone = true;
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
      }
      using storage = end === "a kill" ? before.kept() : before.left();
      const log = opened(storage);
      check(log, written);
      assert.deepEqual([log.startOffset, log.endOffset], [1n, 24n]);
      assert.equal(namesOf(storage).length, log.segments.length, "nothing is there twice");
      for (let i = 0; i < 2; i++) await run(log, NOW_MS + 5_000 * i, MERGING);
      check(log, written);
      assert.equal(storage.list("t/0").some((name) => name.endsWith(".cleaned")), false);
      check(opened(storage), written);
      assert.ok(namesOf(storage).some((name) => name.includes("-")));
    }
  });
}

/** What a test does with a compacted log. */
type Step =
  | {
    readonly kind: "append";
    readonly pairs: readonly Pair[];
    readonly compression: "none" | "gzip" | "zstd";
  }
  | { readonly kind: "compact" }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "restart" };

const pair: fc.Arbitrary<Pair> = fc.tuple(
  fc.constantFrom("a", "b", "c", "d".repeat(50), "e"),
  fc.option(fc.string({ maxLength: 40 }), { freq: 4, nil: null }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      pairs: fc.array(pair, { minLength: 1, maxLength: 6 }),
      compression: fc.constantFrom("none" as const, "none" as const, "gzip" as const, "zstd" as const),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "compact" as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(2_000) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
);

Deno.test("compact() leaves a log that gives the same last values as all that was written", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      using storage = new MemoryStorage();
      let log = opened(storage);
      let nowMs = NOW_MS;
      const written: Record[] = [];
      for (const one of steps) {
        switch (one.kind) {
          case "append": {
            const offset = append(log, one.pairs, { compression: one.compression });
            one.pairs.forEach(([key, value], i) =>
              written.push({ offset: offset + BigInt(i), key, value, timestamp: BigInt(NOW_MS + i) })
            );
            break;
          }
          case "compact":
            await run(log, nowMs);
            break;
          case "wait":
            nowMs += one.ms;
            break;
          case "restart":
            if (one.kind === "restart" && written.length % 2 === 0) await log.checkpoint();
            log.close();
            log = opened(storage);
        }
        check(log, written);
      }
    }),
    { numRuns: 150 },
  );
});

function check(log: PartitionLog, written: readonly Record[]): void {
  const left = recordsOf(log);
  const byOffset = new Map(written.map((record) => [record.offset, record]));
  let lastOffset = -1n;
  for (const record of left.filter(({ offset }) => offset >= log.startOffset)) {
    assert.ok(record.offset > lastOffset, "offsets rise");
    lastOffset = record.offset;
    assert.deepEqual(record, byOffset.get(record.offset), "a record is as it was written");
  }
  const valuesOf = (records: readonly Record[]) => {
    const values = new Map<string, string>();
    for (const { key, value } of records) {
      if (value === null) values.delete(key);
      else values.set(key, value);
    }
    return Object.fromEntries([...values].sort());
  };
  assert.deepEqual(valuesOf(left), valuesOf(written));
}
