/**
 * Compaction of a partition's log: of each key its last value stays. Offsets stay as they are, so that gaps come to be.
 *
 * As Kafka's (LogCleaner.java): the closed segments that are not compacted yet are read for the last offset of each key;
 * then all closed segments are written anew without the records that a later one replaced, several that are small as one.
 * A tombstone, which deletes its key, stays for `delete.retention.ms` after that. What an aborted transaction wrote goes;
 * the marker of a transaction stays while a batch of it does, and for `delete.retention.ms` after that. The last batch of
 * each producer that is remembered stays, without records, for its sequence.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { WireError } from "../../base/errors.ts";
import { decodeEndTxnMarker } from "../../wire/control_records.ts";
import { batchWith, type RawRecord, rawRecords } from "../../wire/raw_records.ts";
import {
  BatchAttribute,
  readBatchHeader,
  recordBatches,
  type RecordBatchHeader,
} from "../../wire/record_batch.ts";
import { type CompactionPlan, groupsOf, planOf } from "./compaction_plan.ts";
import type { PartitionLog } from "./partition_log.ts";
import { extentOf, type Segment } from "./segment.ts";
import type { TopicConfig } from "./topic_config.ts";

/** What is read, and looked at, in one turn of the thread. */
const SLICE_BYTES = 256 * 1024;
/** Keys that are held in memory; with more, a part is compacted at a time. */
const MAX_KEYS = 500_000;
/** Longer keys are known by their hash. */
const MAX_PLAIN_KEY_BYTES = 32;
const ALL = 2n ** 63n - 1n;

/** What a log's owner knows of it. */
export interface CompactedPartition {
  readonly log: PartitionLog;
  /** All before it is decided. */
  readonly lastStableOffset: bigint;
  /** Aborted transactions with something from `from` up to, but not including, `to`. */
  abortedBetween(from: bigint, to: bigint): readonly { readonly producerId: bigint }[];
  /** Forgets aborted transactions of which nothing is left, by the offsets of their markers. */
  forgetAborted(markers: ReadonlySet<bigint>): void;
  /** Whether a producer is remembered. */
  isActiveProducer(producerId: bigint, nowMs: number): boolean;
}

/**
 * Compacts a partition if it is worth while.
 *
 * @param pause gives the thread to others
 * @returns whether it was
 * @throws {StorageError} when the disk refuses; what is there is good
 */
export async function compact(
  partition: CompactedPartition,
  config: TopicConfig,
  nowMs: number,
  pause: () => Promise<void>,
): Promise<boolean> {
  const { log } = partition;
  const plan = planOf(log, config, partition.lastStableOffset, nowMs);
  if (plan === undefined) return false;
  // From here on a start needs none of these segments to know their producers.
  await log.checkpoint();
  const compaction = new Compaction(partition, plan, config, nowMs, pause);
  return await compaction.run();
}

class Compaction {
  readonly #partition: CompactedPartition;
  readonly #log: PartitionLog;
  readonly #plan: CompactionPlan;
  readonly #segmentBytes: number;
  readonly #deleteHorizonMs: bigint;
  readonly #nowMs: number;
  readonly #pause: () => Promise<void>;
  /** The last offset of each key, of those before `#endOffset`. */
  readonly #latest = new Map<string, bigint>();
  #endOffset: bigint;
  /** The base offset of each producer's last batch of records; of its last marker, where there are no records. */
  readonly #lastBatches = new Map<bigint, bigint>();
  readonly #lastMarkers = new Map<bigint, bigint>();
  /** The markers of aborted transactions of which nothing is left. */
  readonly #forgotten = new Set<bigint>();
  /** Producers with a transaction of which a batch stays, until its marker comes. */
  readonly #withBatches = new Set<bigint>();

  constructor(
    partition: CompactedPartition,
    plan: CompactionPlan,
    config: TopicConfig,
    nowMs: number,
    pause: () => Promise<void>,
  ) {
    this.#partition = partition;
    this.#log = partition.log;
    this.#plan = plan;
    this.#segmentBytes = config.segmentBytes;
    this.#nowMs = nowMs;
    this.#deleteHorizonMs = BigInt(nowMs) + BigInt(config.deleteRetentionMs);
    this.#pause = pause;
    this.#endOffset = plan.segments.at(-1)?.nextOffset ?? 0n;
  }

  async run(): Promise<boolean> {
    for (const segment of this.#plan.segments) await this.#learn(segment);
    const segments = this.#plan.segments.filter(({ baseOffset }) => baseOffset < this.#endOffset);
    for (const group of groupsOf(segments, this.#segmentBytes)) {
      if (!await this.#rewrite(group)) return false;
    }
    await this.#log.compactedTo(this.#endOffset);
    // Only now: a power loss would bring back what they wrote. Their markers go when this is on the disk, in a next round.
    this.#partition.forgetAborted(this.#forgotten);
    return true;
  }

  /** Learns the last offset of each key, and of each producer. */
  async #learn(segment: Segment): Promise<void> {
    for await (const batch of this.#batches(segment)) {
      const header = readBatchHeader(batch);
      if (header.baseOffset >= this.#endOffset) return;
      const isControl = (header.attributes & BatchAttribute.control) !== 0;
      if (header.producerId >= 0n) {
        (isControl ? this.#lastMarkers : this.#lastBatches).set(header.producerId, header.baseOffset);
      }
      if (header.baseOffset < this.#plan.dirtyOffset || isControl || this.#isAborted(header)) continue;
      for (const { key, offset } of recordsOf(batch) ?? []) {
        if (key !== null) this.#latest.set(nameOf(key), offset);
      }
      if (this.#latest.size > MAX_KEYS) this.#endOffset = extentOf(header).nextOffset;
    }
  }

  /** Writes segments anew, as one. @returns false when the log is closed or one gone: there is nothing more to do */
  async #rewrite(group: readonly Segment[]): Promise<boolean> {
    using writer = this.#log.segments.writer(group);
    if (writer === undefined) return false;
    let isChanged = group.length > 1;
    for (const segment of group) {
      for await (const batch of this.#batches(segment)) {
        const kept = this.#kept(batch);
        if (kept !== batch) isChanged = true;
        if (kept !== undefined) writer.append(kept);
      }
      // What is gone was not read to its end.
      if (!this.#log.segments.has(segment)) return false;
    }
    if (!isChanged) return true;
    await writer.finish();
    return await this.#log.replaceSegments(group, writer);
  }

  /** What of a batch stays: itself, a smaller one, or nothing. */
  #kept(batch: Uint8Array): Uint8Array | undefined {
    const header = readBatchHeader(batch);
    if (header.baseOffset >= this.#endOffset) return batch;
    if ((header.attributes & BatchAttribute.control) !== 0) return this.#keptMarker(batch, header);
    const records = recordsOf(batch);
    // What cannot be read, though its checksum is right, was sent like that: it stays as it is.
    if (records === undefined) return this.#keptOfTransaction(header, batch);
    const isGone = this.#isAborted(header)
      ? () => true
      : (record: RawRecord) => this.#isReplaced(record, header);
    const left = records.filter((record) => !isGone(record));
    if (left.length === 0) return this.#keptEmpty(batch, header);
    const horizon = left.some(({ isTombstone }) => isTombstone) && !hasHorizon(header)
      ? this.#deleteHorizonMs
      : undefined;
    const isWhole = left.length === records.length && horizon === undefined;
    return this.#keptOfTransaction(header, isWhole ? batch : batchWith(batch, left, horizon));
  }

  #isReplaced({ key, offset, isTombstone }: RawRecord, header: RecordBatchHeader): boolean {
    if (key === null) return true;
    const latest = this.#latest.get(nameOf(key));
    if (latest !== undefined && latest > offset) return true;
    return isTombstone && this.#isOver(header);
  }

  /** A batch without records is there for its producer's sequence. */
  #keptEmpty(batch: Uint8Array, header: RecordBatchHeader): Uint8Array | undefined {
    if (!this.#isLast(header)) return undefined;
    const kept = header.recordsCount === 0 ? batch : batchWith(batch, []);
    return this.#keptOfTransaction(header, kept);
  }

  #keptOfTransaction(header: RecordBatchHeader, kept: Uint8Array): Uint8Array {
    if ((header.attributes & BatchAttribute.transactional) !== 0) this.#withBatches.add(header.producerId);
    return kept;
  }

  /**
   * A marker goes when nothing of its transaction is left, after the time of tombstones: those who read on from before it
   * must see it. That of an abort has to wait, also, until nobody is told of the abort any more: its end would be missing.
   */
  #keptMarker(batch: Uint8Array, header: RecordBatchHeader): Uint8Array | undefined {
    const isNeeded = this.#withBatches.delete(header.producerId) || this.#isLast(header);
    if (isNeeded || decodeEndTxnMarker(batch) === undefined) return batch;
    const isTold = this.#isAborted(header);
    if (isTold) this.#forgotten.add(header.baseOffset);
    if (!hasHorizon(header)) return batchWith(batch, rawRecords(batch), this.#deleteHorizonMs);
    return isTold || !this.#isOver(header) ? batch : undefined;
  }

  /** Whether the time of its tombstones, or of a marker, is over. */
  #isOver(header: RecordBatchHeader): boolean {
    return hasHorizon(header) && header.baseTimestamp <= BigInt(this.#nowMs);
  }

  #isLast({ producerId, baseOffset }: RecordBatchHeader): boolean {
    const last = this.#lastBatches.get(producerId) ?? this.#lastMarkers.get(producerId);
    return last === baseOffset && this.#partition.isActiveProducer(producerId, this.#nowMs);
  }

  #isAborted({ attributes, producerId, baseOffset }: RecordBatchHeader): boolean {
    if ((attributes & BatchAttribute.transactional) === 0) return false;
    const aborted = this.#partition.abortedBetween(baseOffset, baseOffset + 1n);
    return aborted.some((transaction) => transaction.producerId === producerId);
  }

  /** All batches of a segment, by slices. */
  async *#batches(segment: Segment): AsyncIterable<Uint8Array> {
    for (let offset = segment.baseOffset; offset < segment.nextOffset && this.#log.segments.has(segment);) {
      const bytes = segment.read(offset, ALL, SLICE_BYTES, true);
      if (bytes.length === 0) return;
      for (const header of recordBatches(bytes)) {
        offset = extentOf(header).nextOffset;
        yield bytes.subarray(header.at, header.at + header.sizeBytes);
      }
      await this.#pause();
    }
  }
}

/** Undefined when they cannot be read. */
function recordsOf(batch: Uint8Array): RawRecord[] | undefined {
  try {
    return rawRecords(batch);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return undefined;
  }
}

function hasHorizon({ attributes }: RecordBatchHeader): boolean {
  return (attributes & BatchAttribute.deleteHorizon) !== 0;
}

/** A key as text of one character a byte; a long one by its hash, which is longer than any plain one. */
function nameOf(key: Uint8Array): string {
  if (key.length <= MAX_PLAIN_KEY_BYTES) return String.fromCharCode(...key);
  return createHash("sha256").update(key).digest("hex");
}
