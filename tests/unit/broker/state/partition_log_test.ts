import assert from "node:assert/strict";
import { FileStorage } from "../../../../src/broker/state/file_storage.ts";
import { MemoryStorage } from "../../../../src/broker/state/memory_storage.ts";
import { PartitionLog } from "../../../../src/broker/state/partition_log.ts";
import { extentOf } from "../../../../src/broker/state/segment.ts";
import { type Storage, StorageError } from "../../../../src/broker/state/storage.ts";
import { TailPool } from "../../../../src/broker/state/tail.ts";
import { parseTopicConfig, type TopicConfig } from "../../../../src/broker/state/topic_config.ts";
import { patchBaseOffset, readBatchHeader } from "../../../../src/wire/record_batch.ts";
import { NO_STATE } from "../../../support/log_states.ts";
import { batchOf, contentOf, type TestBatch } from "../../../support/batches.ts";

const NOW_MS = 1_700_000_000_000;
const FOLDER = "topics/t/0";
const CONFIG = parseTopicConfig(new Map(), {});
const ALL = 2n ** 62n;

/** No tail: every read goes to the storage. */
const noTails = () => new TailPool(0, 0);

function opened(storage: Storage, tails = noTails()): PartitionLog {
  const log = new PartitionLog(storage, FOLDER, tails);
  log.open(NOW_MS, NO_STATE);
  return log;
}

function append(
  log: PartitionLog,
  values: string[],
  config: TopicConfig = CONFIG,
  batch: TestBatch = {},
): void {
  const bytes = batchOf(values, batch);
  patchBaseOffset(bytes, 0, log.endOffset);
  log.append(bytes, extentOf(readBatchHeader(bytes)), config, NOW_MS);
}

/** All of a log from an offset on. */
function readAll(log: PartitionLog, from = log.startOffset): string[] {
  const content: string[] = [];
  for (let offset = from; offset < log.endOffset;) {
    const bytes = contentOf(log.read(offset, ALL, 1, true));
    content.push(...bytes);
    offset = BigInt(bytes.at(-1)?.split(":")[0] ?? "") + 1n;
  }
  return content;
}

const STORAGES: readonly { name: string; use: (test: (storage: Storage) => void) => void }[] = [
  {
    name: "memory",
    use(test) {
      using storage = new MemoryStorage();
      test(storage);
    },
  },
  {
    name: "a folder",
    use(test) {
      const folder = Deno.makeTempDirSync();
      try {
        using storage = new FileStorage(folder, 2);
        test(storage);
      } finally {
        Deno.removeSync(folder, { recursive: true });
      }
    },
  },
];

for (const { name, use } of STORAGES) {
  Deno.test(`PartitionLog.read() gives what was appended, in ${name}`, () => {
    use((storage) => {
      const log = opened(storage);
      append(log, ["a", "b"]);
      append(log, ["c"]);
      assert.equal(log.endOffset, 3n);
      assert.deepEqual(contentOf(log.read(0n, ALL, 10_000, true)), ["0:a", "1:b", "2:c"]);
      // From within a batch the whole batch is given, as in Kafka.
      assert.deepEqual(contentOf(log.read(1n, ALL, 1, true)), ["0:a", "1:b"]);
      assert.deepEqual(contentOf(log.read(2n, ALL, 10_000, true)), ["2:c"]);
      assert.equal(log.read(3n, ALL, 10_000, true).length, 0);
      log.close();
    });
  });

  Deno.test(`PartitionLog.open() finds all segments again, in ${name}`, () => {
    use((storage) => {
      const config = { ...CONFIG, segmentBytes: 200 };
      const log = opened(storage);
      const expected: string[] = [];
      for (let i = 0; i < 20; i++) {
        append(log, [`v${i}`], config);
        expected.push(`${i}:v${i}`);
      }
      assert.ok(log.segments.length > 5);
      log.close();
      const again = opened(storage);
      assert.equal(again.endOffset, 20n);
      assert.equal(again.segments.length, log.segments.length);
      assert.deepEqual(readAll(again), expected);
      again.close();
    });
  });
}

Deno.test("PartitionLog.read() keeps below the limit and within maxBytes, with and without a tail", () => {
  for (const tails of [noTails(), new TailPool(1 << 20, 1 << 20)]) {
    using storage = new MemoryStorage();
    const log = opened(storage, tails);
    for (const value of ["a", "b", "c", "d"]) append(log, [value]);
    const oneBatch = log.read(0n, ALL, 1, true).length;
    assert.deepEqual(contentOf(log.read(0n, 2n, 10_000, true)), ["0:a", "1:b"]);
    assert.deepEqual(contentOf(log.read(1n, ALL, 2 * oneBatch, true)), ["1:b", "2:c"]);
    assert.deepEqual(contentOf(log.read(1n, ALL, 2 * oneBatch - 1, true)), ["1:b"]);
    assert.equal(log.read(1n, ALL, oneBatch - 1, false).length, 0);
    assert.equal(log.read(2n, 2n, 10_000, true).length, 0);
  }
});

Deno.test("PartitionLog.open() cuts a torn tail at every byte of the last batch", () => {
  using whole = new MemoryStorage();
  const log = opened(whole);
  append(log, ["a"]);
  append(log, ["b", "c"]);
  const keptBytes = log.sizeBytes;
  append(log, ["the last one"]);
  const bytes = whole.readAll(`${FOLDER}/00000000000000000000.log`) ?? new Uint8Array();
  for (let length = keptBytes; length < bytes.length; length++) {
    using storage = new MemoryStorage();
    storage.replace(`${FOLDER}/00000000000000000000.log`, bytes.subarray(0, length));
    const torn = new PartitionLog(storage, FOLDER, noTails());
    const recovery = torn.open(NOW_MS, NO_STATE);
    assert.equal(torn.endOffset, 3n);
    assert.equal(recovery.cutBytes, length - keptBytes);
    assert.equal(recovery.notes.length, length === keptBytes ? 0 : 1);
    // What comes after lands where the torn tail was.
    append(torn, ["d"]);
    assert.deepEqual(readAll(opened(storage)), ["0:a", "1:b", "2:c", "3:d"]);
  }
});

Deno.test("PartitionLog.open() cuts a last batch with a flipped bit, wherever it is", () => {
  using whole = new MemoryStorage();
  const log = opened(whole);
  append(log, ["a"]);
  const lastAt = log.sizeBytes;
  append(log, ["b"]);
  const path = `${FOLDER}/00000000000000000000.log`;
  const bytes = whole.readAll(path) ?? new Uint8Array();
  for (let at = lastAt; at < bytes.length; at++) {
    // The leader's epoch is not under the checksum, and nothing hangs on it.
    if (at >= lastAt + 12 && at < lastAt + 16) continue;
    // The lower bytes of an offset are not either: one that is ahead is a gap, as a compaction leaves.
    if (at < lastAt + 8) continue;
    using storage = new MemoryStorage();
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    storage.replace(path, damaged);
    assert.deepEqual(readAll(opened(storage)), ["0:a"], `byte ${at}`);
  }
});

Deno.test("PartitionLog.open() refuses a log that is damaged before its end, and changes nothing", () => {
  using storage = new MemoryStorage();
  const log = opened(storage);
  for (const value of ["a", "b", "c"]) append(log, [value]);
  const path = `${FOLDER}/00000000000000000000.log`;
  const bytes = storage.readAll(path) ?? new Uint8Array();
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  storage.replace(path, bytes);
  assert.throws(
    () => opened(storage),
    (error) => error instanceof StorageError && /not whole/.test(error.message),
  );
  assert.deepEqual(storage.readAll(path), bytes);
});

Deno.test("PartitionLog.open() refuses a torn segment that others follow", () => {
  using storage = new MemoryStorage();
  const log = opened(storage);
  const config = { ...CONFIG, segmentBytes: 1 };
  for (const value of ["a", "b", "c"]) append(log, [value], config);
  storage.open(`${FOLDER}/${"1".padStart(20, "0")}.log`).truncate(20);
  assert.throws(() => opened(storage), StorageError);
});

Deno.test("PartitionLog.open() goes on where the segments end when the last one is missing", () => {
  using storage = new MemoryStorage();
  const log = opened(storage);
  const config = { ...CONFIG, segmentBytes: 1 };
  for (const value of ["a", "b", "c"]) append(log, [value], config);
  storage.remove(`${FOLDER}/${"2".padStart(20, "0")}.log`);
  const again = opened(storage);
  assert.equal(again.endOffset, 2n);
  append(again, ["d"], config);
  assert.deepEqual(readAll(again), ["0:a", "1:b", "2:d"]);
});

Deno.test("PartitionLog.open() takes no file for a segment that is none", () => {
  using storage = new MemoryStorage();
  append(opened(storage), ["a"]);
  storage.replace(`${FOLDER}/notes.txt`, new Uint8Array(3));
  storage.replace(`${FOLDER}/0.log`, new Uint8Array(3));
  assert.deepEqual(readAll(opened(storage)), ["0:a"]);
});

Deno.test("PartitionLog.applyRetention() deletes whole segments that are too old", async () => {
  using storage = new MemoryStorage();
  const log = opened(storage);
  const config = { ...CONFIG, segmentBytes: 1, retentionMs: 1_000 };
  append(log, ["old"], config, { timestamp: NOW_MS - 5_000 });
  append(log, ["older"], config, { timestamp: NOW_MS - 9_000 });
  append(log, ["new"], config, { timestamp: NOW_MS - 500 });
  assert.equal(log.applyRetention(config, NOW_MS), true);
  assert.equal(log.startOffset, 2n);
  assert.deepEqual(readAll(log), ["2:new"]);
  await log.checkpoint();
  assert.deepEqual(storage.list(FOLDER).sort(), [`${"2".padStart(20, "0")}.log`, "checkpoint"]);
  // When all is too old, the offsets go on nevertheless, also after a restart.
  assert.equal(log.applyRetention(config, NOW_MS + 10_000), true);
  assert.equal(log.startOffset, 3n);
  assert.equal(opened(storage).endOffset, 3n);
});

Deno.test("PartitionLog.applyRetention() deletes the oldest segments above retention.bytes", () => {
  using storage = new MemoryStorage();
  const log = opened(storage);
  const config = { ...CONFIG, segmentBytes: 1, retentionMs: -1 };
  for (const value of ["a", "b", "c", "d"]) append(log, [value], config);
  const oneSegment = log.sizeBytes / 4;
  log.applyRetention({ ...config, retentionBytes: 2 * oneSegment }, NOW_MS);
  assert.deepEqual(readAll(log), ["2:c", "3:d"]);
});

Deno.test("PartitionLog.applyRetention() never moves the start back, whatever a crash has left in the folder", async () => {
  using storage = new MemoryStorage();
  const log = opened(storage);
  const config = { ...CONFIG, segmentBytes: 1, retentionMs: 1_000 };
  append(log, ["a"], config, { timestamp: 1 });
  append(log, ["b"], config, { timestamp: 1 });
  append(log, ["c", "d", "e"], config, { timestamp: NOW_MS });
  append(log, ["f"], config, { timestamp: NOW_MS });
  const oldest = `${FOLDER}/${"0".padStart(20, "0")}.log`;
  const bytes = storage.readAll(oldest) ?? assert.fail("no segment");
  const second = log.segments.closed[1] ?? assert.fail("no segment");
  {
    // A compaction that finds nothing to keep in the second segment: none begins where the first one ends.
    using writer = log.segments.writer([second]) ?? assert.fail("it is gone");
    assert.equal(await log.replaceSegments([second], writer), true);
  }
  await log.deleteRecordsBefore(4n);
  assert.equal(storage.readAll(oldest), undefined);
  storage.replace(oldest, bytes);
  const again = opened(storage);
  assert.equal(again.applyRetention(config, NOW_MS), false);
  assert.equal(again.startOffset, 4n);
  await again.checkpoint();
  assert.equal(storage.readAll(oldest), undefined);
});

Deno.test("PartitionLog.applyRetention() deletes nothing of a compacted topic", () => {
  using storage = new MemoryStorage();
  const log = opened(storage);
  const config = parseTopicConfig(new Map([["cleanup.policy", "compact"], ["retention.ms", "1"]]), {});
  append(log, ["a"], config, { timestamp: 1 });
  assert.equal(log.applyRetention(config, NOW_MS), false);
  assert.deepEqual(readAll(log), ["0:a"]);
});

Deno.test("PartitionLog.batchByTimestamp() finds the first batch from a time on, across segments", () => {
  using storage = new MemoryStorage();
  const log = opened(storage);
  const config = { ...CONFIG, segmentBytes: 200 };
  for (let i = 0; i < 10; i++) append(log, [`v${i}`], config, { timestamp: 1_000 * i });
  const find = (timestamp: number) => {
    const batch = log.batchByTimestamp(timestamp, ALL);
    return batch === undefined ? undefined : contentOf(batch)[0];
  };
  assert.equal(find(0), "0:v0");
  assert.equal(find(2_500), "3:v3");
  assert.equal(find(9_000), "9:v9");
  assert.equal(find(9_001), undefined);
  assert.equal(log.maxTimestamp, 9_000);
});

Deno.test("PartitionLog.append() leaves the log as it was when the disk refuses", () => {
  using storage = new MemoryStorage();
  const log = opened(storage);
  append(log, ["a"]);
  const file = storage.open(`${FOLDER}/00000000000000000000.log`);
  const accept = file.append.bind(file);
  file.append = () => {
    throw new StorageError("No space left on device");
  };
  assert.throws(() => append(log, ["b"]), StorageError);
  file.append = accept;
  assert.equal(log.endOffset, 1n);
  append(log, ["c"]);
  assert.deepEqual(readAll(log), ["0:a", "1:c"]);
});

Deno.test("PartitionLog.sync() goes on when retention deletes a segment meanwhile, or all goes with the topic", async () => {
  const config = { ...CONFIG, segmentBytes: 1, retentionMs: 1 };
  const deletions = [
    (log: PartitionLog) => void log.applyRetention(config, NOW_MS + 1_000),
    (log: PartitionLog, storage: Storage) => {
      log.close();
      storage.remove(FOLDER);
    },
  ];
  for (const deleteMeanwhile of deletions) {
    const folder = Deno.makeTempDirSync();
    try {
      using storage = new FileStorage(folder, 4);
      const log = opened(storage);
      for (const value of ["a", "b", "c", "d"]) append(log, [value], config);
      const synced = log.sync();
      deleteMeanwhile(log, storage);
      assert.equal(await synced, 4n);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  }
});
