import assert from "node:assert/strict";
import fc from "fast-check";
import type { LogState } from "../../../../src/broker/state/log_state.ts";
import { MemoryStorage } from "../../../../src/broker/state/memory_storage.ts";
import { type LogRecovery, PartitionLog } from "../../../../src/broker/state/partition_log.ts";
import { extentOf } from "../../../../src/broker/state/segment.ts";
import { type Storage, StorageError } from "../../../../src/broker/state/storage.ts";
import { TailPool } from "../../../../src/broker/state/tail.ts";
import { parseTopicConfig } from "../../../../src/broker/state/topic_config.ts";
import { patchBaseOffset, readBatchHeader } from "../../../../src/wire/record_batch.ts";
import { encodeRecordBatch } from "../../../../src/wire/records.ts";
import { batchOf, contentOf } from "../../../support/batches.ts";
import { CountingStorage } from "../../../support/counting_storage.ts";
import { NO_STATE, OffsetsState } from "../../../support/log_states.ts";
import { PowerLossStorage } from "../../../support/power_loss_storage.ts";

const NOW_MS = 1_700_000_000_000;
const FOLDER = "topics/t/0";
const CONFIG = { ...parseTopicConfig(new Map(), {}), retentionMs: -1, segmentBytes: 100_000 };
const ALL = 2n ** 62n;
/** The base of the newest of ten segments and a bit. */
const NEWEST = 930;
/** Bytes of a batch that no checksum covers, and that look well whatever they are: the lower ones of its offset, its epoch. */
const UNCOVERED = [4, 5, 6, 7, 12, 13, 14, 15];
/** What the few small files of a log come to. */
const FEW_BYTES = 10_000;

function opened(storage: Storage, state: LogState = NO_STATE): { log: PartitionLog; recovery: LogRecovery } {
  const log = new PartitionLog(storage, FOLDER, new TailPool(0, 0));
  return { log, recovery: log.open(NOW_MS, state) };
}

function append(log: PartitionLog, values: string[], state?: OffsetsState): void {
  const bytes = batchOf(values);
  patchBaseOffset(bytes, 0, log.endOffset);
  log.append(bytes, extentOf(readBatchHeader(bytes)), CONFIG, NOW_MS);
  state?.note(readBatchHeader(bytes).baseOffset);
}

/** So many batches of a KiB. */
function fill(log: PartitionLog, count: number, state?: OffsetsState): void {
  for (let i = 0; i < count; i++) append(log, [`${log.endOffset}-`.padEnd(1_000, "x")], state);
}

const segment = (base: number) => `${FOLDER}/${`${base}`.padStart(20, "0")}.log`;
const index = (base: number) => segment(base).replace(".log", ".index");

function damage(storage: Storage, path: string, at: number): void {
  const bytes = storage.readAll(path) ?? assert.fail(`${path} is not there`);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  storage.replace(path, bytes);
}

/** A log of ten segments and a bit, with a checkpoint. */
async function tenSegments(storage: Storage): Promise<PartitionLog> {
  const { log } = opened(storage);
  fill(log, 970);
  assert.equal(log.segments.length, 11);
  assert.ok(storage.list(FOLDER).includes(segment(NEWEST).slice(FOLDER.length + 1)));
  await log.checkpoint();
  return log;
}

Deno.test("PartitionLog.open() reads nothing that was safe: the indexes and the checkpoint only", async () => {
  using memory = new MemoryStorage();
  const before = await tenSegments(memory);
  const storage = new CountingStorage(memory);
  const { log, recovery } = opened(storage);
  assert.ok(storage.readBytes < FEW_BYTES, `${storage.readBytes} bytes were read`);
  assert.deepEqual(recovery, { recordsCount: 970, readBytes: 0, cutBytes: 0, notes: [] });
  assert.equal(log.endOffset, 970n);
  assert.equal(log.maxTimestamp, before.maxTimestamp);
  for (const offset of [0n, 1n, 95n, 500n, 960n, 969n]) {
    assert.match(contentOf(log.read(offset, ALL, 1, true))[0] ?? "", new RegExp(`^${offset}:${offset}-`));
  }
  // What a read costs is what it takes, and the way to it.
  storage.readBytes = 0;
  log.read(333n, ALL, 1, true);
  assert.ok(storage.readBytes < 60_000, `${storage.readBytes} bytes were read`);
});

Deno.test("PartitionLog.open() reads what came after the checkpoint, and no more", async () => {
  using memory = new MemoryStorage();
  const before = await tenSegments(memory);
  const safeBytes = before.sizeBytes;
  fill(before, 5);
  const storage = new CountingStorage(memory);
  const { log, recovery } = opened(storage);
  assert.equal(log.endOffset, 975n);
  assert.equal(recovery.readBytes, before.sizeBytes - safeBytes);
  assert.ok(storage.readBytes < recovery.readBytes + FEW_BYTES);
});

Deno.test("PartitionLog.open() gives its owner what was known at the checkpoint, and each batch behind it", async () => {
  using storage = new MemoryStorage();
  const state = new OffsetsState();
  const { log } = opened(storage, state);
  fill(log, 300, state);
  await log.checkpoint();
  fill(log, 250, state);
  for (const isCheckpointGood of [true, false]) {
    if (!isCheckpointGood) damage(storage, `${FOLDER}/checkpoint`, 100);
    const again = new OffsetsState();
    const { recovery } = opened(storage, again);
    assert.deepEqual(again.offsets, state.offsets);
    assert.equal(recovery.notes.length, isCheckpointGood ? 0 : 1);
  }
});

Deno.test("PartitionLog.open() reads all where its owner cannot read the snapshot", async () => {
  using storage = new MemoryStorage();
  const state = new OffsetsState();
  const { log } = opened(storage, state);
  fill(log, 3, state);
  await log.checkpoint();
  const again = new OffsetsState();
  const picky: LogState = {
    restore: (snapshot) => snapshot === undefined && again.restore(undefined),
    visit: (batch) => again.visit(batch),
    snapshot: () => again.snapshot(),
  };
  opened(storage, picky);
  assert.deepEqual(again.offsets, [0n, 1n, 2n]);
});

Deno.test("PartitionLog.open() makes an index anew that is missing, damaged, or another segment's", async () => {
  const cases: [string, (storage: MemoryStorage) => void][] = [
    ["missing", (storage) => storage.remove(index(0))],
    ["damaged", (storage) => damage(storage, index(0), 70)],
    ["another's", (storage) => storage.replace(index(0), storage.readAll(index(93)) ?? new Uint8Array())],
    ["cut short", (storage) => storage.open(index(0)).truncate(60)],
    ["empty", (storage) => storage.replace(index(0), new Uint8Array())],
  ];
  for (const [name, harm] of cases) {
    using storage = new MemoryStorage();
    await tenSegments(storage);
    harm(storage);
    const { log, recovery } = opened(storage);
    assert.match(recovery.notes.join(), /index .* made anew/, name);
    assert.equal(recovery.readBytes, storage.open(segment(0)).sizeBytes);
    assert.match(contentOf(log.read(50n, ALL, 1, true))[0] ?? "", /^50:/);
    await log.checkpoint();
    assert.equal(opened(storage).recovery.readBytes, 0, name);
  }
});

Deno.test("PartitionLog.read() makes an index anew that went bad while the log was open", async () => {
  using storage = new MemoryStorage();
  await tenSegments(storage);
  const { log } = opened(storage);
  storage.remove(index(0));
  assert.match(contentOf(log.read(50n, ALL, 1, true))[0] ?? "", /^50:/);
});

Deno.test("PartitionLog.read() refuses damage in what was not read at the start, and gives what is good", async () => {
  using storage = new MemoryStorage();
  await tenSegments(storage);
  damage(storage, segment(0), 500);
  const { log } = opened(storage);
  assert.throws(
    () => log.read(0n, ALL, 1, true),
    (error) => error instanceof StorageError && /no good record batch at byte 0$/.test(error.message),
  );
  assert.match(contentOf(log.read(1n, ALL, 1, true))[0] ?? "", /^1:/);
});

Deno.test("PartitionLog.open() refuses a log of which something is missing that was safe", async () => {
  const cases: [RegExp, (storage: MemoryStorage) => void][] = [
    [/has 50 bytes, \d+ were safe/, (storage) => storage.open(segment(0)).truncate(50)],
    [/has 50 bytes, \d+ were safe/, (storage) => storage.open(segment(NEWEST)).truncate(50)],
    [/is missing/, (storage) => storage.remove(segment(NEWEST))],
  ];
  for (const [reason, harm] of cases) {
    using storage = new MemoryStorage();
    await tenSegments(storage);
    harm(storage);
    assert.throws(
      () => opened(storage),
      (error) => error instanceof StorageError && reason.test(error.message),
    );
  }
});

Deno.test("PartitionLog.open() cuts a torn tail whose records hold good batches, at every byte", () => {
  // A batch as a mirror of another log would carry it, with offsets that fit here.
  const inner = batchOf(["inner"]);
  patchBaseOffset(inner, 0, 5n);
  const values = [new Uint8Array(40), new Uint8Array([...inner, ...inner]), inner, new Uint8Array(3)];
  const bytes = encodeRecordBatch({
    records: values.map((value) => ({ timestamp: 1n, key: null, value })),
    baseOffset: 1n,
  });
  for (let length = 1; length < bytes.length; length++) {
    using storage = new MemoryStorage();
    append(opened(storage).log, ["kept"]);
    storage.open(segment(0)).append(bytes.subarray(0, length));
    const { log, recovery } = opened(storage);
    assert.equal(recovery.cutBytes, length);
    assert.equal(log.endOffset, 1n);
  }
});

Deno.test("PartitionLog.open() refuses a batch whose length is wrong when acknowledged ones lie behind it", () => {
  for (const at of [8, 9, 10, 11]) {
    using storage = new MemoryStorage();
    const { log } = opened(storage);
    for (const value of ["a", "b", "c"]) append(log, [value]);
    damage(storage, segment(0), at);
    assert.throws(() => opened(storage), StorageError, `byte ${at}`);
  }
});

Deno.test("PartitionLog.deleteRecordsBefore() survives a restart, within a segment and across", async () => {
  using storage = new MemoryStorage();
  const log = await tenSegments(storage);
  await log.deleteRecordsBefore(7n);
  assert.equal(opened(storage).log.startOffset, 7n);
  assert.equal(log.segments.length, 11);
  await log.deleteRecordsBefore(500n);
  assert.equal(storage.list(FOLDER).includes("00000000000000000000.log"), false);
  assert.equal(storage.list(FOLDER).includes("00000000000000000000.index"), false);
  const { log: again, recovery } = opened(storage);
  assert.equal(again.startOffset, 500n);
  assert.equal(recovery.readBytes, 0);
  await again.deleteRecordsBefore(970n);
  assert.deepEqual([again.startOffset, again.endOffset], [970n, 970n]);
  assert.equal(opened(storage).log.endOffset, 970n);
});

Deno.test("PartitionLog.open() never begins at 0 again, whichever names a power loss leaves", async () => {
  using storage = new PowerLossStorage();
  const { log } = opened(storage);
  fill(log, 200);
  await log.sync();
  assert.equal(log.applyRetention({ ...CONFIG, retentionMs: 1 }, NOW_MS + 1_000_000), true);
  assert.deepEqual([log.startOffset, log.endOffset], [200n, 200n]);
  await log.checkpoint();
  const left = storage.left();
  for (const name of left.list(FOLDER).filter((one) => one !== "checkpoint")) {
    left.remove(`${FOLDER}/${name}`);
  }
  const { log: again } = opened(left);
  assert.deepEqual([again.startOffset, again.endOffset], [200n, 200n]);
  append(again, ["next"]);
  assert.deepEqual(contentOf(again.read(200n, ALL, 1, true)), ["200:next"]);
});

Deno.test("PartitionLog.open() finishes a deletion that a crash cut short", async () => {
  using storage = new MemoryStorage();
  const log = await tenSegments(storage);
  const first = storage.readAll(segment(0)) ?? assert.fail();
  await log.deleteRecordsBefore(500n);
  storage.replace(segment(0), first);
  const { log: again } = opened(storage);
  assert.equal(again.startOffset, 500n);
  assert.equal(storage.list(FOLDER).includes("00000000000000000000.log"), false);
});

Deno.test("PartitionLog.batchByTimestamp() gives nothing from before the start", async () => {
  using storage = new MemoryStorage();
  const log = await tenSegments(storage);
  await log.deleteRecordsBefore(500n);
  const batch = log.batchByTimestamp(1, ALL) ?? assert.fail("there is one");
  assert.equal(readBatchHeader(batch).baseOffset, 500n);
});

Deno.test("PartitionLog.checkpoint() calls nothing safe any more once a sync has failed", async () => {
  using storage = new MemoryStorage();
  const { log } = opened(storage);
  fill(log, 3);
  await log.checkpoint();
  fill(log, 3);
  const file = storage.open(segment(0));
  file.sync = () => Promise.reject(new StorageError("Input/output error"));
  await assert.rejects(log.sync(), /Input/);
  file.sync = () => Promise.resolve();
  await log.sync();
  await assert.rejects(log.checkpoint(), /a sync of it has failed/);
  assert.ok(opened(storage).recovery.readBytes > 0);
});

Deno.test("PartitionLog.checkpoint() of a log that is closed meanwhile does no harm", async () => {
  using storage = new MemoryStorage();
  const { log } = opened(storage);
  fill(log, 3);
  const written = log.checkpoint();
  log.close();
  storage.remove(FOLDER);
  await written;
  assert.deepEqual(storage.list(FOLDER), []);
});

Deno.test("PartitionLog gives what was written or an error, whichever bytes on the disk are changed", async () => {
  using whole = new MemoryStorage();
  const written: string[] = [];
  {
    const { log } = opened(whole);
    for (let i = 0; i < 300; i++) {
      if (i === 250) await log.checkpoint();
      append(log, [`${i}-`.padEnd(1_000, "x")]);
      written.push(`${i}:${`${i}-`.padEnd(1_000, "x")}`);
    }
  }
  const names = whole.list(FOLDER);
  const batchBytes = batchOf(["".padEnd(1_000)]).length;
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          name: fc.constantFrom(...names),
          at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
          bits: fc.integer({ min: 1, max: 255 }),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      (changes) => {
        using storage = new MemoryStorage();
        for (const name of names) {
          const bytes = whole.readAll(`${FOLDER}/${name}`) ?? new Uint8Array();
          for (const change of changes.filter((one) => one.name === name)) {
            const at = Math.floor(change.at * bytes.length);
            if (name.endsWith(".log") && UNCOVERED.includes(at % batchBytes)) continue;
            bytes[at] = (bytes[at] ?? 0) ^ change.bits;
          }
          storage.replace(`${FOLDER}/${name}`, bytes);
        }
        try {
          const { log, recovery } = opened(storage);
          const found: string[] = [];
          while (BigInt(found.length) < log.endOffset) {
            const content = contentOf(log.read(BigInt(found.length), ALL, 1, true));
            assert.ok(content.length > 0, "a read goes on or fails");
            found.push(...content);
          }
          assert.deepEqual(found, written.slice(0, found.length));
          assert.ok(found.length === written.length || recovery.cutBytes > 0, "nothing is cut in silence");
        } catch (error) {
          if (!(error instanceof StorageError)) throw error;
        }
      },
    ),
    { numRuns: 300 },
  );
});
