/**
 * Reading a segment that may not be whole: which of its bytes are good batches, and what the rest is.
 *
 * A crash leaves at most a torn tail: bytes with no good batch behind them, which were never acknowledged. Anything
 * else is damage, and is not cut away: behind it lie records that were acknowledged.
 *
 * @module
 */
import {
  BATCH_AT,
  BATCH_HEADER_BYTES,
  BATCH_OVERHEAD_BYTES,
  type BatchFault,
  CURRENT_MAGIC,
  readBatchHeader,
  type RecordBatchHeader,
  verifyBatch,
} from "../../wire/record_batch.ts";
import type { LoggedBatch } from "./log_state.ts";
import type { StorageFile } from "./storage.ts";

const WINDOW_BYTES = 256 * 1024;
/** A compaction leaves gaps between offsets, but none wider than a segment. The checksum does not cover them. */
const MAX_GAP = 2n ** 32n;

const FAULTS: Readonly<Record<BatchFault, string>> = {
  truncated: "it ends within a batch",
  length: "the length of a batch cannot be right",
  magic: "the magic of a batch is not 2",
  crc: "the checksum of a batch does not match",
};

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
      const isTornTail = !hasGoodBatchBehind(window, position + 1, file.sizeBytes, expected);
      return { goodBytes: position, fault: { reason: batch, isTornTail } };
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
  const fault = faultAt(window, position);
  if (fault !== undefined) return FAULTS[fault];
  const header = readBatchHeader(window.at(position, BATCH_HEADER_BYTES) ?? NOTHING);
  if (header.baseOffset < minOffset) return `baseOffset is ${header.baseOffset}, below ${minOffset}`;
  if (header.baseOffset > minOffset + MAX_GAP) {
    return `baseOffset is ${header.baseOffset}, far above ${minOffset}`;
  }
  if (header.lastOffsetDelta < 0) return `lastOffsetDelta is ${header.lastOffsetDelta}`;
  return header;
}

function faultAt(window: Window, position: number): BatchFault | undefined {
  const head = window.at(position, BATCH_HEADER_BYTES);
  if (head === undefined) return "truncated";
  const fault = verifyBatch(head);
  // Of the header alone, a good batch looks cut short.
  if (fault !== "truncated" && fault !== "crc") return fault;
  const bytes = window.at(position, sizeOf(head));
  return bytes === undefined ? "truncated" : verifyBatch(bytes);
}

function sizeOf(head: Uint8Array): number {
  const view = new DataView(head.buffer, head.byteOffset, BATCH_HEADER_BYTES);
  return view.getInt32(BATCH_AT.batchLength) + BATCH_OVERHEAD_BYTES;
}

/** Whether a good batch begins anywhere from `position` on. */
function hasGoodBatchBehind(window: Window, position: number, end: number, minOffset: bigint): boolean {
  for (let at = position; at + BATCH_HEADER_BYTES <= end; at++) {
    const head = window.at(at, BATCH_HEADER_BYTES);
    if (head === undefined) return false;
    // Cheap tests first: almost no place passes them.
    if (head[BATCH_AT.magic] !== CURRENT_MAGIC || sizeOf(head) > end - at) continue;
    if (typeof goodBatch(window, at, minOffset) !== "string") return true;
  }
  return false;
}

const NOTHING = new Uint8Array();
