/**
 * A partition: its log, what it knows of its producers, and who waits for its next record.
 *
 * @module
 */
import { encodeEndTxnMarker } from "../../wire/control_records.ts";
import { describeError } from "../../base/errors.ts";
import { crc32c } from "../../wire/crc32c.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import {
  BATCH_AT,
  BatchAttribute,
  patchBaseOffset,
  patchPartitionLeaderEpoch,
  readBatchHeader,
  recordBatches,
  type RecordBatchHeader,
  verifyBatch,
} from "../../wire/record_batch.ts";
import { type AppendResult, refused } from "./append_result.ts";
import { refuseBatch, refuseBytes } from "./batch_rules.ts";
import type { Checkpoints } from "./checkpoints.ts";
import { LogProducers } from "./log_producers.ts";
import { PartitionLog } from "./partition_log.ts";
import { PartitionWaiters } from "./partition_waiters.ts";
import { extentOf } from "./segment.ts";
import type { ActiveProducer, ForeignMarker, ProducerStatesOptions } from "./producer_states.ts";
import { refuseRecords } from "./record_rules.ts";
import { DamageError, type Storage, type StorageError } from "./storage.ts";
import type { TailPool } from "./tail.ts";
import type { TopicConfig } from "./topic_config.ts";

/** There is one node: it led from the start. */
export const LEADER_EPOCH = 0;

/** A producer's transaction that ends here. */
export interface TransactionEnd {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly isCommit: boolean;
  /** @default 0: there is one coordinator, which never moves */
  readonly coordinatorEpoch?: number;
}

/** Whether a transactional batch belongs to a transaction under way. */
export interface TransactionGuard {
  /** Each transaction has an epoch of its own (KIP-890). */
  readonly isEpochPerTransaction: boolean;
  /** @returns an error code, NONE when the batch may be appended */
  admit(header: RecordBatchHeader): number;
}

/** What a partition is made with. */
export interface PartitionOptions {
  readonly storage: Storage;
  readonly tails: TailPool;
  readonly producers: ProducerStatesOptions;
  readonly fsync: boolean;
  /** @default none: they are the caller's */
  readonly checkpoints?: Checkpoints | undefined;
}

/** See the module. */
export class Partition {
  readonly index: number;
  readonly log: PartitionLog;
  readonly waiters = new PartitionWaiters();
  /** Why it is not served, undefined while it is. */
  fault: string | undefined;
  readonly #producers: LogProducers;
  readonly #isFsync: boolean;
  #highWatermark = 0n;
  #lastFailure: string | undefined;

  constructor(index: number, folder: string, options: PartitionOptions) {
    this.index = index;
    this.#producers = new LogProducers(options.producers);
    this.log = new PartitionLog(options.storage, folder, options.tails, {
      state: this.#producers,
      checkpoints: options.checkpoints,
    });
    this.#isFsync = options.fsync;
  }

  /** Reads what lies on the disk. @throws {StorageError} */
  open(nowMs: number): ReturnType<PartitionLog["open"]> {
    this.#producers.openedAtMs = nowMs;
    const recovery = this.log.open(nowMs, this.#producers);
    this.#highWatermark = this.log.endOffset;
    return recovery;
  }

  /** The offset up to which records can be read. */
  get highWatermark(): bigint {
    return this.#highWatermark;
  }

  /** The offset up to which all is decided: a read_committed reader reads no further. */
  get lastStableOffset(): bigint {
    const unstable = this.#producers.states.firstUnstableOffset;
    if (unstable === undefined || unstable >= this.#highWatermark) return this.#highWatermark;
    // The beginning of a transaction may have been deleted.
    const { startOffset } = this.log;
    return unstable < startOffset ? startOffset : unstable;
  }

  /** Aborted transactions with something from `from` up to, but not including, `to`. */
  abortedBetween(from: bigint, to: bigint): { producerId: bigint; firstOffset: bigint }[] {
    const { aborted } = this.#producers;
    if (aborted.size === 0) return [];
    aborted.forgetBefore(this.log.startOffset);
    return aborted.between(from, to);
  }

  /** Aborted transactions that overlap batches that were read from `fetchOffset` on. */
  abortedAmong(fetchOffset: bigint, batches: Uint8Array): { producerId: bigint; firstOffset: bigint }[] {
    if (this.#producers.aborted.size === 0) return [];
    let endOffset = fetchOffset;
    for (const header of recordBatches(batches)) endOffset = extentOf(header).nextOffset;
    return this.abortedBetween(fetchOffset, endOffset);
  }

  /** Forgets aborted transactions of which nothing is left, by the offsets of their markers. */
  forgetAborted(markers: ReadonlySet<bigint>): void {
    if (markers.size > 0) this.#producers.aborted.forget(markers);
  }

  /** Whether a producer is remembered. */
  isActiveProducer(producerId: bigint, nowMs: number): boolean {
    return this.#producers.states.isActive(producerId, nowMs);
  }

  /** The producers that are remembered. */
  activeProducers(nowMs: number): ActiveProducer[] {
    return this.#producers.states.active(nowMs);
  }

  /** Those who have a transaction under way here. */
  openProducerIds(): bigint[] {
    return [...this.#producers.states.openProducerIds()];
  }

  /** The epoch that a producer was last seen with here, undefined when it is not known. */
  producerEpochOf(producerId: bigint): number | undefined {
    return this.#producers.states.epochOf(producerId);
  }

  /** Judges a marker that somebody else than the coordinator brings. @returns an error code */
  judgeMarker(marker: ForeignMarker): number {
    return this.#producers.states.judgeMarker(marker);
  }

  hasOpenTransaction(producerId: bigint): boolean {
    return this.#producers.states.hasOpenTransaction(producerId);
  }

  /**
   * Checks a batch, gives it its offset and appends it. Its bytes are changed in place: offset, leader epoch, and with
   * LogAppendTime its timestamp. Nobody is woken yet.
   *
   * @param records what the request carries: one batch
   * @param transaction what a transactional batch is judged by; without it there is none
   * @throws {StorageError} nothing was appended
   */
  append(
    records: Uint8Array,
    config: TopicConfig,
    nowMs: number,
    transaction?: TransactionGuard,
  ): AppendResult {
    const fault = verifyBatch(records);
    if (fault !== undefined) {
      const { errorCode, errorMessage } = refuseBytes(records, fault);
      return refused(errorCode, errorMessage);
    }
    const header = readBatchHeader(records);
    const isTransactional = (header.attributes & BatchAttribute.transactional) !== 0;
    if (isTransactional && transaction === undefined) {
      return refused(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, null);
    }
    const refusal = refuseBatch(records, header, config);
    if (refusal !== undefined) return refused(refusal.errorCode, refusal.errorMessage);
    const wrong = refuseRecords(records, header, config, nowMs);
    if (wrong !== undefined) {
      const { errorCode, errorMessage, recordErrors } = wrong;
      return {
        ...refused(errorCode, errorMessage),
        logStartOffset: this.log.startOffset,
        recordErrors,
      };
    }
    if (isTransactional && transaction !== undefined) {
      const errorCode = transaction.admit(header);
      if (errorCode !== ErrorCode.NONE) return refused(errorCode, null);
    }
    if (header.producerId >= 0n) {
      const check = this.#producers.states.check(header, nowMs, transaction?.isEpochPerTransaction);
      switch (check.kind) {
        case "new":
          break;
        case "duplicate":
          return this.#accepted(check.baseOffset, config.logAppendTime ? check.timestamp : -1n);
        case "refused":
          return refused(check.errorCode, null);
      }
    }
    const placed = this.#place(records, header, config, nowMs);
    if (header.producerId >= 0n) this.#producers.appended(placed, nowMs);
    return this.#accepted(placed.baseOffset, config.logAppendTime ? placed.maxTimestamp : -1n);
  }

  /**
   * Ends a producer's transaction here: writes the marker. Nobody is woken yet.
   *
   * @throws {StorageError} nothing was appended
   */
  endTransaction(
    { producerId, producerEpoch, isCommit, coordinatorEpoch = 0 }: TransactionEnd,
    config: TopicConfig,
    nowMs: number,
  ): void {
    const marker = { isCommit, coordinatorEpoch };
    const timestamp = BigInt(nowMs);
    const batch = encodeEndTxnMarker({ ...marker, producerId, producerEpoch, timestamp });
    const placed = this.#place(batch, readBatchHeader(batch), config, nowMs);
    this.#producers.ended(placed, marker, nowMs);
  }

  /** Takes note of an error of the disk. Damage ends the service. @returns whether it is a new one, for the log to say */
  failed(error: StorageError): boolean {
    const reason = describeError(error);
    if (error instanceof DamageError) this.fault ??= reason;
    return this.isNewFailure(reason);
  }

  /** Whether `reason` is another one than that of the last failure: one line in the log says it. */
  isNewFailure(reason: string): boolean {
    const isNew = reason !== this.#lastFailure;
    this.#lastFailure = reason;
    return isNew;
  }

  /** Makes what was appended survive a power loss; what is read is what survives. @throws {StorageError} */
  async sync(): Promise<void> {
    const syncedOffset = await this.log.sync();
    if (syncedOffset > this.#highWatermark) this.#highWatermark = syncedOffset;
  }

  /** Ends the use of the partition. Those who wait look again, and find it gone. */
  close(): void {
    this.log.close();
    this.waiters.wake(Infinity);
  }

  /** Gives a batch its place in the log, and appends it. @returns its header as it is there @throws {StorageError} */
  #place(
    batch: Uint8Array,
    header: RecordBatchHeader,
    config: TopicConfig,
    nowMs: number,
  ): RecordBatchHeader {
    const baseOffset = this.log.endOffset;
    patchBaseOffset(batch, 0, baseOffset);
    patchPartitionLeaderEpoch(batch, 0, LEADER_EPOCH);
    if (config.logAppendTime) stampAppendTime(batch, header.attributes, BigInt(nowMs));
    const maxTimestamp = config.logAppendTime ? BigInt(nowMs) : header.maxTimestamp;
    const placed = { ...header, baseOffset, maxTimestamp };
    this.log.append(batch, extentOf(placed), config, nowMs);
    this.#lastFailure = undefined;
    if (!this.#isFsync) this.#highWatermark = this.log.endOffset;
    return placed;
  }

  #accepted(baseOffset: bigint, logAppendTimeMs: bigint): AppendResult {
    const { startOffset: logStartOffset } = this.log;
    return { errorCode: ErrorCode.NONE, errorMessage: null, baseOffset, logAppendTimeMs, logStartOffset };
  }
}

/** Sets the broker's time on a batch, and its checksum anew. */
function stampAppendTime(records: Uint8Array, attributes: number, timeMs: bigint): void {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  view.setInt16(BATCH_AT.attributes, attributes | BatchAttribute.logAppendTime);
  view.setBigInt64(BATCH_AT.maxTimestamp, timeMs);
  view.setUint32(BATCH_AT.crc, crc32c(records.subarray(BATCH_AT.attributes)));
}
