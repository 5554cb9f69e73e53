import assert from "node:assert/strict";
import fc from "fast-check";
import { compact } from "../../../../src/broker/state/compaction.ts";
import { Partition, type TransactionGuard } from "../../../../src/broker/state/partition.ts";
import { type Storage, StorageError } from "../../../../src/broker/state/storage.ts";
import { TailPool } from "../../../../src/broker/state/tail.ts";
import { parseTopicConfig } from "../../../../src/broker/state/topic_config.ts";
import { ErrorCode } from "../../../../src/wire/error_codes.ts";
import { BatchAttribute, recordBatches } from "../../../../src/wire/record_batch.ts";
import { encodeRecordBatch } from "../../../../src/wire/records.ts";
import { FailingStorage } from "../../../support/failing_storage.ts";
import { PowerLossStorage } from "../../../support/power_loss_storage.ts";
import { visibleRecords } from "../../../support/visible_records.ts";

const NOW_MS = 1_700_000_000_000;
const ALL = 2n ** 62n;
const EXPIRATION_MS = 60_000;
const CONFIG = {
  ...parseTopicConfig(new Map([["cleanup.policy", "compact"], ["min.cleanable.dirty.ratio", "0"]]), {}),
  segmentBytes: 500,
  deleteRetentionMs: 1_000,
};
const ANY: TransactionGuard = { isEpochPerTransaction: false, admit: () => ErrorCode.NONE };
const pause = () => Promise.resolve();
const encoder = new TextEncoder();

/** A record as it was written; its value tells its key. */
interface Written {
  readonly offset: bigint;
  readonly key: string;
  readonly value: string;
}

/** Whoever writes transactions, as it sees itself. */
interface Writer {
  readonly producerId: bigint;
  sequence: number;
  /** What it wrote and did not end. */
  pending: Written[];
}

/** A partition under test, with what is to be seen in it. */
class Bench {
  nowMs = NOW_MS;
  partition: Partition;
  #storage: Storage;
  committed: Written[] = [];
  aborted = new Set<bigint>();

  constructor(storage: Storage) {
    this.#storage = storage;
    this.partition = this.#opened();
  }

  /** Goes on with what a crash has left: what was written since the last sync may be lost, and its offsets free. */
  survive(storage: Storage, writers: readonly Writer[]): void {
    this.#storage = storage;
    this.partition = this.#opened();
    const { endOffset } = this.partition.log;
    this.committed = this.committed.filter(({ offset }) => offset < endOffset);
    this.aborted = new Set([...this.aborted].filter((offset) => offset < endOffset));
    const open = new Set(this.partition.openProducerIds());
    for (const one of writers) {
      one.pending = one.pending.filter(({ offset }) => offset < endOffset);
      if (open.has(one.producerId)) this.end(one, false);
      assert.deepEqual(one.pending, [], "what is undecided is known to be");
    }
  }

  write(writer: Writer, key: string, value: string): void {
    const records = [{
      timestamp: BigInt(this.nowMs),
      key: encoder.encode(key),
      value: encoder.encode(`${key}=${value}`),
    }];
    const { producerId, sequence: baseSequence } = writer;
    const batch = encodeRecordBatch({
      records,
      isTransactional: true,
      producerId,
      producerEpoch: 0,
      baseSequence,
    });
    const { errorCode, baseOffset } = this.partition.append(batch, CONFIG, this.nowMs, ANY);
    assert.equal(errorCode, ErrorCode.NONE);
    writer.sequence++;
    writer.pending.push({ offset: baseOffset, key, value: `${key}=${value}` });
  }

  end(writer: Writer, isCommit: boolean): void {
    this.partition.endTransaction(
      { producerId: writer.producerId, producerEpoch: 0, isCommit },
      CONFIG,
      this.nowMs,
    );
    for (const record of writer.pending.splice(0)) {
      if (isCommit) this.committed.push(record);
      else this.aborted.add(record.offset);
    }
  }

  compact(): Promise<boolean> {
    return compact(this.partition, CONFIG, this.nowMs, pause);
  }

  restart(): void {
    this.partition.close();
    this.partition = this.#opened();
  }

  #opened(): Partition {
    const producers = { max: 10, expirationMs: EXPIRATION_MS };
    const options = { storage: this.#storage, tails: new TailPool(0, 0), producers, fsync: false };
    const partition = new Partition(0, "t/0", options);
    partition.open(this.nowMs);
    return partition;
  }

  /** What a read_committed reader is given that begins anywhere, and asks for as much at a time. */
  check(from: bigint, maxBytes: number): void {
    const { partition } = this;
    const limit = partition.lastStableOffset;
    const seen: { offset: bigint; value: string }[] = [];
    for (let offset = from; offset < limit;) {
      const batches = partition.log.read(offset, limit, maxBytes, true).slice();
      if (batches.length === 0) break;
      const visible = visibleRecords(batches, partition.abortedAmong(offset, batches));
      seen.push(...visible.filter((record) => record.offset >= from));
      for (const header of recordBatches(batches)) {
        offset = header.baseOffset + BigInt(header.lastOffsetDelta) + 1n;
      }
    }
    const stable = this.committed.filter(({ offset }) => offset < limit);
    const byOffset = new Map(stable.map((record) => [record.offset, record]));
    for (const { offset, value } of seen) {
      assert.ok(!this.aborted.has(offset), `the aborted record ${offset} is seen`);
      assert.equal(value, byOffset.get(offset)?.value, `the record ${offset} is as it was written`);
    }
    // The last value of each key is there, for whoever begins before it.
    const last = new Map(stable.sort((a, b) => Number(a.offset - b.offset)).map((one) => [one.key, one]));
    const offsets = new Set(seen.map(({ offset }) => offset));
    for (const { offset, value } of last.values()) {
      assert.ok(offset < from || offsets.has(offset), `${value} at ${offset} is gone`);
    }
  }

  checkAll(): void {
    for (const maxBytes of [1, 300, 1_000_000]) {
      for (let from = 0n; from < this.partition.log.endOffset; from += 3n) this.check(from, maxBytes);
    }
  }

  markersCount(): number {
    const bytes = this.partition.log.read(0n, ALL, 1_000_000, true);
    let count = 0;
    for (let offset = 0n; offset < this.partition.log.endOffset;) {
      const batches = offset === 0n ? bytes : this.partition.log.read(offset, ALL, 1_000_000, true);
      if (batches.length === 0) break;
      for (const { attributes, baseOffset, lastOffsetDelta } of recordBatches(batches)) {
        if ((attributes & BatchAttribute.control) !== 0) count++;
        offset = baseOffset + BigInt(lastOffsetDelta) + 1n;
      }
    }
    return count;
  }
}

const writersOf = (): Writer[] =>
  [1n, 2n, 3n].map((producerId) => ({ producerId, sequence: 0, pending: [] }));

type Step =
  | { readonly kind: "write"; readonly writer: number; readonly key: string }
  | { readonly kind: "end"; readonly writer: number; readonly isCommit: boolean }
  | { readonly kind: "compact" | "restart" | "checkpoint" }
  | { readonly kind: "wait"; readonly ms: number };

const writer = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      writer,
      key: fc.constantFrom("a", "b", "c", "d"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("end" as const), writer, isCommit: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("compact", "restart", "checkpoint") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(2_000) }) },
);

Deno.test("compact() leaves a log of which read_committed sees what was committed, and nothing that was aborted", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80, size: "max" }), async (steps) => {
      using storage = new PowerLossStorage();
      const bench = new Bench(storage);
      const writers = writersOf();
      for (const [i, one] of steps.entries()) {
        switch (one.kind) {
          case "write":
            bench.write(writers[one.writer] ?? assert.fail(), one.key, `${i}`);
            break;
          case "end": {
            const ending = writers[one.writer] ?? assert.fail();
            if (ending.pending.length > 0) bench.end(ending, one.isCommit);
            break;
          }
          case "compact":
            await bench.compact();
            break;
          case "checkpoint":
            await bench.partition.log.checkpoint();
            break;
          case "restart":
            bench.restart();
            break;
          case "wait":
            bench.nowMs += one.ms;
        }
        bench.check(0n, 300);
      }
      bench.checkAll();
    }),
    { numRuns: 100 },
  );
});

Deno.test("compact() leaves no markers for ever, and nothing of producers that are forgotten", async () => {
  using storage = new PowerLossStorage();
  const bench = new Bench(storage);
  const writers = writersOf();
  for (let i = 0; i < 60; i++) {
    const one = writers[i % 3] ?? assert.fail();
    bench.write(one, `${i % 4}`, `${i}`.padEnd(50));
    bench.end(one, i % 2 === 0);
  }
  const before = bench.markersCount();
  assert.equal(before, 60);
  // Somebody else goes on, so that there is something to be compacted.
  const other: Writer = { producerId: 9n, sequence: 0, pending: [] };
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 6; i++) bench.write(other, "other", `${round}.${i}`.padEnd(200));
    bench.end(other, true);
    await bench.compact();
    bench.checkAll();
    bench.nowMs += EXPIRATION_MS;
  }
  // Those of the last values of four keys, and of what is not compacted yet.
  const left = bench.markersCount();
  assert.ok(left <= 8, `${left} of ${before} markers are left`);
  bench.restart();
  bench.checkAll();
});

/** Transactions that are committed, aborted and left, and a compaction now and then. */
async function work(bench: Bench, writers: readonly Writer[], rounds: number): Promise<void> {
  for (let i = 0; i < 8 * rounds; i++) {
    const one = writers[i % 3] ?? assert.fail();
    bench.write(one, `${i % 5}`, `${i}`.padEnd(40));
    if (i % 4 !== 1) bench.end(one, i % 3 !== 0);
    if (i % 8 !== 7) continue;
    for (const left of writers) if (left.pending.length > 0) bench.end(left, false);
    await bench.compact();
    bench.nowMs += 1_500;
  }
}

for (const end of ["a kill", "a power loss"] as const) {
  Deno.test(`compact() cut short by ${end} at any point brings back nothing that was aborted, and loses nothing`, async () => {
    let isDone = false;
    for (let changes = 10; !isDone; changes += 13) {
      using before = new PowerLossStorage();
      const bench = new Bench(new FailingStorage(before, changes));
      const writers = writersOf();
      try {
        await work(bench, writers, 6);
        isDone = true;
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
      }
      using storage = end === "a kill" ? before.kept() : before.left();
      bench.survive(storage, writers);
      bench.checkAll();
      await work(bench, [4n, 5n, 6n].map((producerId) => ({ producerId, sequence: 0, pending: [] })), 4);
      bench.checkAll();
    }
  });
}
