/**
 * Reading a segment that may not be whole: which of its bytes are good batches, and what the rest is.
 *
 * A crash leaves at most a torn tail: bytes with no good batch behind them, which were never acknowledged. Anything
 * else is damage, and is not cut away: behind it lie records that were acknowledged. What looks like a batch within a
 * record of the torn one is not behind it.
 *
 * @module
 */
import { WireError } from "../../base/errors.ts";
import {
  BATCH_AT,
  BATCH_HEADER_BYTES,
  BATCH_OVERHEAD_BYTES,
  type BatchFault,
  compressionTypeOf,
  CURRENT_MAGIC,
  readBatchHeader,
  type RecordBatchHeader,
  verifyBatch,
} from "../../wire/record_batch.ts";
import { Reader } from "../../wire/reader.ts";
import type { LoggedBatch } from "./log_state.ts";
import type { StorageFile } from "./storage.ts";

const WINDOW_BYTES = 256 * 1024;
/** A compaction leaves gaps between offsets, but none wider than a segment. The checksum does not cover them. */
const MAX_GAP = 2n ** 32n;

/** Of a record: its length, attributes, timestamp and offset delta at most. */
const MAX_RECORD_HEAD_BYTES = 5 + 1 + 10 + 5;
const MIN_RECORD_BYTES = 6;
/** What a torn tail that is made to look like batches may cost. */
const MAX_CHECKED_BYTES = 256 * 1024 * 1024;

const FAULTS: Readonly<Record<BatchFault, string>> = {
  truncated: "it ends within a batch",
  length: "the length of a batch cannot be right",
  magic: "the magic of a batch is not 2",
  crc: "the checksum of a batch does not match",
};

const NOTHING = new Uint8Array();

/** What {@linkcode scanBatches} found. */
export interface ScanResult {
  /** Where the good batches end. */
  readonly goodBytes: number;
  /** What is wrong behind them, undefined when the file ends there. */
  readonly fault: { readonly reason: string; readonly isTornTail: boolean } | undefined;
}

/** A file's bytes through a window that moves along. */
class Window {
  readonly #file: StorageFile;
  #bytes = new Uint8Array(0);
  #from = 0;

  constructor(file: StorageFile) {
    this.#file = file;
  }

  get sizeBytes(): number {
    return this.#file.sizeBytes;
  }

  /** `length` bytes at `position`; undefined when the file is shorter. Good until the next call. */
  at(position: number, length: number): Uint8Array | undefined {
    if (position + length > this.#file.sizeBytes) return undefined;
    const start = position - this.#from;
    if (start >= 0 && start + length <= this.#bytes.length) {
      return this.#bytes.subarray(start, start + length);
    }
    const wanted = Math.min(Math.max(length, WINDOW_BYTES), this.#file.sizeBytes - position);
    const buffer = this.#bytes.length === wanted ? this.#bytes : new Uint8Array(wanted);
    const n = this.#file.read(position, buffer);
    this.#bytes = buffer.subarray(0, n);
    this.#from = position;
    return n < length ? undefined : this.#bytes.subarray(0, length);
  }
}

/**
 * Visits every batch from a position in a file up to the first that is not good.
 *
 * @param from where a batch starts, or the file ends
 * @param minOffset the base offset that the first batch must have at least
 * @throws {StorageError}
 */
export function scanBatches(
  file: StorageFile,
  from: number,
  minOffset: bigint,
  visit: (batch: LoggedBatch, position: number) => void,
): ScanResult {
  const window = new Window(file);
  let position = from;
  let expected = minOffset;
  while (position < file.sizeBytes) {
    const batch = goodBatch(window, position, expected);
    if (typeof batch === "string") {
      return {
        goodBytes: position,
        fault: { reason: batch, isTornTail: isTornTail(window, position, expected) },
      };
    }
    const at = position;
    visit({ header: batch, bytes: () => window.at(at, batch.sizeBytes) ?? NOTHING }, at);
    position += batch.sizeBytes;
    expected = batch.baseOffset + BigInt(batch.lastOffsetDelta) + 1n;
  }
  return { goodBytes: position, fault: undefined };
}

/** The batch at a position, or why there is none. */
function goodBatch(window: Window, position: number, minOffset: bigint): RecordBatchHeader | string {
  const head = window.at(position, BATCH_HEADER_BYTES);
  if (head === undefined) return FAULTS.truncated;
  const fault = verifyBatch(head);
  // Of the header alone, a good batch looks cut short.
  if (fault !== undefined && fault !== "truncated" && fault !== "crc") return FAULTS[fault];
  const header = readBatchHeader(head);
  if (header.baseOffset < minOffset) return `baseOffset is ${header.baseOffset}, below ${minOffset}`;
  if (header.baseOffset > minOffset + MAX_GAP) {
    return `baseOffset is ${header.baseOffset}, far above ${minOffset}`;
  }
  if (header.lastOffsetDelta < 0) return `lastOffsetDelta is ${header.lastOffsetDelta}`;
  const bytes = window.at(position, header.sizeBytes);
  const wholeFault = bytes === undefined ? "truncated" : verifyBatch(bytes);
  return wholeFault === undefined ? header : FAULTS[wholeFault];
}

/** Whether what begins with a bad batch at `position`, and goes on to the end of the file, was never acknowledged. */
function isTornTail(window: Window, position: number, minOffset: bigint): boolean {
  const end = window.sizeBytes;
  const head = window.at(position, BATCH_HEADER_BYTES);
  if (head !== undefined && verifyBatch(head) !== "magic" && verifyBatch(head) !== "length") {
    const header = readBatchHeader(head);
    const recordsEnd = endOfRecords(window, position, header);
    // Both its length and its records say where it ends: behind the file's end, or with it.
    if (position + header.sizeBytes > end && recordsEnd === Infinity) return true;
    if (position + header.sizeBytes === end && recordsEnd === end) return true;
  }
  return !hasGoodBatchBehind(window, position + 1, minOffset + 1n);
}

/**
 * Where the records of a batch end, by their own lengths: Infinity when that is behind the file's end, undefined when
 * they are compressed or do not make sense.
 */
function endOfRecords(window: Window, position: number, header: RecordBatchHeader): number | undefined {
  if (compressionTypeOf(header.attributes) !== "none") return undefined;
  let at = position + BATCH_HEADER_BYTES;
  for (let i = 0; i < header.recordsCount; i++) {
    const head = window.at(at, Math.min(MAX_RECORD_HEAD_BYTES, window.sizeBytes - at));
    if (head === undefined || head.length < MAX_RECORD_HEAD_BYTES) return Infinity;
    let length: number;
    try {
      const reader = new Reader(head);
      length = reader.varint();
      at += reader.position + length;
      const attributes = reader.int8();
      reader.varlong();
      if (length < MIN_RECORD_BYTES || attributes !== 0 || reader.varint() !== i) return undefined;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return undefined;
    }
    if (at > window.sizeBytes) return Infinity;
  }
  return at;
}

/** Whether a good batch begins anywhere from `position` on. In doubt there is one: nothing is cut that may be good. */
function hasGoodBatchBehind(window: Window, position: number, minOffset: bigint): boolean {
  const end = window.sizeBytes;
  let checkedBytes = 0;
  for (let at = position; at + BATCH_HEADER_BYTES <= end; at++) {
    const head = window.at(at, BATCH_HEADER_BYTES);
    if (head === undefined) return false;
    // Cheap tests first: almost no place passes them.
    if (head[BATCH_AT.magic] !== CURRENT_MAGIC) continue;
    const view = new DataView(head.buffer, head.byteOffset, BATCH_HEADER_BYTES);
    const sizeBytes = view.getInt32(BATCH_AT.batchLength) + BATCH_OVERHEAD_BYTES;
    if (sizeBytes > end - at || view.getBigInt64(BATCH_AT.baseOffset) < minOffset) continue;
    checkedBytes += sizeBytes;
    if (typeof goodBatch(window, at, minOffset) !== "string" || checkedBytes > MAX_CHECKED_BYTES) return true;
  }
  return false;
}
