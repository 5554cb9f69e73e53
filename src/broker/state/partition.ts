/**
 * A partition: its log, what it knows of its producers, and who waits for its next record.
 *
 * @module
 */
import { WireError } from "../../base/errors.ts";
import { crc32c } from "../../wire/crc32c.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import {
  BATCH_AT,
  BatchAttribute,
  type BatchFault,
  compressionTypeOf,
  patchBaseOffset,
  patchPartitionLeaderEpoch,
  readBatchHeader,
  type RecordBatchHeader,
  verifyBatch,
} from "../../wire/record_batch.ts";
import { decodeRecords } from "../../wire/records.ts";
import type { LoggedBatch, LogState } from "./log_state.ts";
import { extentOf, PartitionLog } from "./partition_log.ts";
import { ProducerStates } from "./producer_states.ts";
import type { Storage } from "./storage.ts";
import type { TailPool } from "./tail.ts";
import type { TopicConfig } from "./topic_config.ts";

/** There is one node: it led from the start. */
export const LEADER_EPOCH = 0;

/** Who waits for records of a partition. */
export interface PartitionWaiter {
  /** So many bytes more can be read. */
  onReadable(bytes: number): void;
}

/** What became of a batch. */
export interface AppendResult {
  readonly errorCode: number;
  /** Why, for people; null when Kafka's own words say it. */
  readonly errorMessage: string | null;
  readonly baseOffset: bigint;
  /** Epoch milliseconds when the broker set it, else -1. */
  readonly logAppendTimeMs: bigint;
  readonly logStartOffset: bigint;
}

/** See the module. */
export class Partition implements LogState {
  readonly index: number;
  readonly log: PartitionLog;
  /** Why it is not served, undefined while it is. */
  fault: string | undefined;
  #producers: ProducerStates;
  readonly #maxProducers: number;
  readonly #isFsync: boolean;
  readonly #waiters: PartitionWaiter[] = [];
  #highWatermark = 0n;
  #lastFailure: string | undefined;

  constructor(
    index: number,
    folder: string,
    options: { storage: Storage; tails: TailPool; maxProducers: number; fsync: boolean },
  ) {
    this.index = index;
    this.log = new PartitionLog(options.storage, folder, options.tails);
    this.#maxProducers = options.maxProducers;
    this.#producers = new ProducerStates(options.maxProducers);
    this.#isFsync = options.fsync;
  }

  /** Reads what lies on the disk. @throws {StorageError} */
  open(nowMs: number): ReturnType<PartitionLog["open"]> {
    const recovery = this.log.open(nowMs, this);
    this.#highWatermark = this.log.endOffset;
    return recovery;
  }

  /** The offset up to which records can be read. */
  get highWatermark(): bigint {
    return this.#highWatermark;
  }

  /**
   * Checks a batch, gives it its offset and appends it. Its bytes are changed in place: offset, leader epoch, and with
   * LogAppendTime its timestamp. Nobody is woken yet.
   *
   * @param records what the request carries: one batch
   * @throws {StorageError} nothing was appended
   */
  append(records: Uint8Array, config: TopicConfig, nowMs: number): AppendResult {
    const fault = verifyBatch(records);
    if (fault !== undefined) {
      const errorCode = fault === "magic" ? ErrorCode.INVALID_RECORD : ErrorCode.CORRUPT_MESSAGE;
      return this.#refused(errorCode, FAULTS[fault]);
    }
    const header = readBatchHeader(records);
    const refusal = checkBatch(records, header, config);
    if (refusal !== undefined) return this.#refused(refusal.errorCode, refusal.errorMessage);
    if (header.producerId >= 0n) {
      const check = this.#producers.check(header);
      switch (check.kind) {
        case "new":
          break;
        case "duplicate":
          return this.#accepted(check.baseOffset, config.logAppendTime ? check.timestamp : -1n);
        case "refused":
          return this.#refused(check.errorCode, null);
      }
    }
    const baseOffset = this.log.endOffset;
    patchBaseOffset(records, 0, baseOffset);
    patchPartitionLeaderEpoch(records, 0, LEADER_EPOCH);
    if (config.logAppendTime) stampAppendTime(records, header.attributes, BigInt(nowMs));
    const maxTimestamp = config.logAppendTime ? BigInt(nowMs) : header.maxTimestamp;
    this.log.append(records, extentOf({ ...header, baseOffset, maxTimestamp }), config, nowMs);
    this.#lastFailure = undefined;
    if (!this.#isFsync) this.#highWatermark = this.log.endOffset;
    if (header.producerId >= 0n) this.#producers.remember(header, baseOffset, maxTimestamp);
    return this.#accepted(baseOffset, config.logAppendTime ? maxTimestamp : -1n);
  }

  restore(snapshot: Uint8Array | undefined): boolean {
    this.#producers = new ProducerStates(this.#maxProducers);
    return snapshot === undefined;
  }

  visit({ header }: LoggedBatch): void {
    if (header.producerId >= 0n) this.#producers.remember(header, header.baseOffset, header.maxTimestamp);
  }

  snapshot(): Uint8Array {
    return new Uint8Array();
  }

  /** Whether `reason` is another one than that of the last failure: one line in the log says it. */
  isNewFailure(reason: string): boolean {
    const isNew = reason !== this.#lastFailure;
    this.#lastFailure = reason;
    return isNew;
  }

  addWaiter(waiter: PartitionWaiter): void {
    this.#waiters.push(waiter);
  }

  removeWaiter(waiter: PartitionWaiter): void {
    const at = this.#waiters.indexOf(waiter);
    const last = this.#waiters.length - 1;
    const moved = this.#waiters[last];
    if (at < 0 || moved === undefined) return;
    this.#waiters[at] = moved;
    this.#waiters.length = last;
  }

  /** Tells those who wait that so many bytes more can be read. */
  wake(bytes: number): void {
    // From the end: who is told enough stops to wait, and leaves its place to one that was told before.
    for (let i = this.#waiters.length - 1; i >= 0; i--) this.#waiters[i]?.onReadable(bytes);
  }

  /** Makes what was appended survive a power loss; what is read is what survives. @throws {StorageError} */
  async sync(): Promise<void> {
    const syncedOffset = await this.log.sync();
    if (syncedOffset > this.#highWatermark) this.#highWatermark = syncedOffset;
  }

  /** Ends the use of the partition. Those who wait look again, and find it gone. */
  close(): void {
    this.log.close();
    this.wake(Infinity);
  }

  #accepted(baseOffset: bigint, logAppendTimeMs: bigint): AppendResult {
    const { startOffset: logStartOffset } = this.log;
    return { errorCode: ErrorCode.NONE, errorMessage: null, baseOffset, logAppendTimeMs, logStartOffset };
  }

  #refused(errorCode: number, errorMessage: string | null): AppendResult {
    return { errorCode, errorMessage, baseOffset: -1n, logAppendTimeMs: -1n, logStartOffset: -1n };
  }
}

const FAULTS: Readonly<Record<BatchFault, string>> = {
  truncated: "The record batch is not whole",
  length: "The record batch's batchLength is less than its header",
  magic: "Only record batches of magic 2 are taken",
  crc: "The record batch's checksum does not match",
};

/** What is wrong with a whole batch that came from a producer, undefined when nothing is. */
function checkBatch(
  records: Uint8Array,
  header: RecordBatchHeader,
  config: TopicConfig,
): { errorCode: number; errorMessage: string } | undefined {
  const { sizeBytes, attributes, recordsCount, lastOffsetDelta, producerId, producerEpoch, baseSequence } =
    header;
  const invalid = (errorMessage: string) => ({ errorCode: ErrorCode.INVALID_RECORD, errorMessage });
  if (sizeBytes < records.length) return invalid("Only one record batch per partition is taken");
  if (sizeBytes > config.maxMessageBytes) {
    return {
      errorCode: ErrorCode.MESSAGE_TOO_LARGE,
      errorMessage: `The record batch has ${sizeBytes} bytes: max.message.bytes is ${config.maxMessageBytes}`,
    };
  }
  if (recordsCount < 1 || lastOffsetDelta !== recordsCount - 1) {
    return invalid(`${recordsCount} records cannot end at offset delta ${lastOffsetDelta}`);
  }
  if (compressionTypeOf(attributes) === undefined) {
    return invalid(`Attributes ${attributes} name no compression`);
  }
  if ((attributes & BatchAttribute.control) !== 0) return invalid("A client cannot write control batches");
  if ((attributes & BatchAttribute.transactional) !== 0) {
    return { errorCode: ErrorCode.INVALID_TXN_STATE, errorMessage: "Transactions are not served" };
  }
  if (config.cleanupCompact && hasNullKey(records)) {
    return invalid("A compacted topic takes no record without a key");
  }
  if (producerId >= 0n && (producerEpoch < 0 || baseSequence < 0)) {
    return invalid(`producerEpoch ${producerEpoch} and baseSequence ${baseSequence} must not be negative`);
  }
  return undefined;
}

/** Whether a record has no key. What is compressed by anything but gzip is not looked into. */
function hasNullKey(records: Uint8Array): boolean {
  try {
    return decodeRecords(records).some(({ key }) => key === null);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return false;
  }
}

/** Sets the broker's time on a batch, and its checksum anew. */
function stampAppendTime(records: Uint8Array, attributes: number, timeMs: bigint): void {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  view.setInt16(BATCH_AT.attributes, attributes | BatchAttribute.logAppendTime);
  view.setBigInt64(BATCH_AT.maxTimestamp, timeMs);
  view.setUint32(BATCH_AT.crc, crc32c(records.subarray(BATCH_AT.attributes)));
}
