/**
 * One file of a partition's log: record batches, end to end, named by the offset of the first.
 *
 * Batches stay bytes. Reads find their place by the sparse index and take the range that they need.
 *
 * @module
 */
import {
  BATCH_AT,
  BATCH_HEADER_BYTES,
  BATCH_OVERHEAD_BYTES,
  CURRENT_MAGIC,
  type RecordBatchHeader,
  verifyBatch,
} from "../../wire/record_batch.ts";
import { readBuffers } from "./read_buffers.ts";
import type { SegmentFacts } from "./segment_index.ts";
import { segmentName } from "./segment_name.ts";
import { SparseIndex } from "./sparse_index.ts";
import { DamageError, type StorageFile } from "./storage.ts";

const WINDOW_BYTES = 32 * 1024;
const EMPTY = new Uint8Array();

/** What the log must know of a batch that it takes. */
export interface BatchExtent {
  readonly baseOffset: bigint;
  /** The offset behind its last record. */
  readonly nextOffset: bigint;
  /** The largest timestamp in it, epoch milliseconds, or -1. */
  readonly maxTimestamp: number;
}

/** What the log must know of a batch. */
export function extentOf(
  header: Pick<RecordBatchHeader, "baseOffset" | "lastOffsetDelta" | "maxTimestamp">,
): BatchExtent {
  return {
    baseOffset: header.baseOffset,
    nextOffset: header.baseOffset + BigInt(header.lastOffsetDelta) + 1n,
    maxTimestamp: Number(header.maxTimestamp),
  };
}

/** Where a batch lies. */
export interface BatchPlace {
  readonly position: number;
  readonly sizeBytes: number;
  readonly baseOffset: bigint;
  readonly nextOffset: bigint;
}

/** Where the index of a segment comes from that is not in memory. */
export interface IndexSource {
  /** Where the segments are, for people. */
  readonly folder: string;
  /** Undefined when it is missing or does not fit. @throws {StorageError} */
  load(segment: Segment): SparseIndex | undefined;
}

/** See the module. */
export class Segment {
  readonly baseOffset: bigint;
  /** The base offset of the last segment that it stands for: its own, where it is the only one. */
  readonly lastBase: bigint;
  nextOffset: bigint;
  maxTimestamp = -1;
  /** When its first batch was written, epoch milliseconds; what `segment.ms` counts from. */
  createdAtMs: number;
  readonly file: StorageFile;
  /** Whether its index is on the disk. */
  isIndexed = false;
  #index: SparseIndex | undefined;
  readonly #indexes: IndexSource;
  /** What lies from here on was written or read by this process: it need not be checked when it is read. */
  readonly #trustedFrom: number;
  /** What lies before was checked when it was read. */
  #checkedTo = 0;
  /** Where the last read ended: the next one of the same reader begins there. */
  #hintOffset = -1n;
  #hintPosition = 0;

  private constructor(
    facts: Omit<SegmentFacts, "sizeBytes">,
    file: StorageFile,
    index: SparseIndex | undefined,
    indexes: IndexSource,
    trustedFrom: number,
    lastBase: bigint,
  ) {
    this.baseOffset = facts.baseOffset;
    this.lastBase = lastBase;
    this.nextOffset = facts.nextOffset;
    this.maxTimestamp = facts.maxTimestamp;
    this.createdAtMs = facts.createdAtMs;
    this.file = file;
    this.#index = index;
    this.#indexes = indexes;
    this.#trustedFrom = trustedFrom;
  }

  /** One of which nothing is known, as it is empty or will be read. */
  static unknown(
    baseOffset: bigint,
    file: StorageFile,
    createdAtMs: number,
    indexes: IndexSource,
    lastBase = baseOffset,
  ): Segment {
    const facts = { baseOffset, nextOffset: baseOffset, maxTimestamp: -1, createdAtMs };
    return new Segment(facts, file, new SparseIndex(), indexes, 0, lastBase);
  }

  /** One whose first `facts.sizeBytes` bytes are known. @param index undefined: `indexes` has it */
  static known(
    facts: SegmentFacts,
    file: StorageFile,
    index: SparseIndex | undefined,
    indexes: IndexSource,
    lastBase = facts.baseOffset,
  ): Segment {
    return new Segment(facts, file, index, indexes, facts.sizeBytes, lastBase);
  }

  /** What is known of it now. */
  get facts(): SegmentFacts {
    const { baseOffset, nextOffset, sizeBytes, maxTimestamp, createdAtMs } = this;
    return { baseOffset, nextOffset, sizeBytes, maxTimestamp, createdAtMs };
  }

  /** Its index, from memory, from the disk, or else made anew. @throws {StorageError} */
  get index(): SparseIndex {
    return this.#index ??= this.#indexes.load(this) ?? this.#indexAnew();
  }

  /** Gives the memory of its index back; only of one that is on the disk. */
  forgetIndex(): void {
    if (this.isIndexed) this.#index = undefined;
  }

  get sizeBytes(): number {
    return this.file.sizeBytes;
  }

  /** Writes a batch whose offsets are set. @throws {StorageError} */
  append(batch: Uint8Array, extent: BatchExtent): void {
    const position = this.file.sizeBytes;
    this.file.append(batch);
    this.note(position, extent);
  }

  /** Takes a batch that lies in the file already into account. */
  note(position: number, extent: BatchExtent): void {
    this.index.note(Number(extent.baseOffset - this.baseOffset), position, this.maxTimestamp);
    this.nextOffset = extent.nextOffset;
    if (extent.maxTimestamp > this.maxTimestamp) this.maxTimestamp = extent.maxTimestamp;
  }

  /** The first batch that reaches to `offset` or beyond. @throws {StorageError} */
  locate(offset: bigint): BatchPlace | undefined {
    if (offset >= this.nextOffset) return undefined;
    const from = offset === this.#hintOffset
      ? this.#hintPosition
      : this.index.positionFor(offset <= this.baseOffset ? 0 : Number(offset - this.baseOffset));
    return this.firstBatch(from, (place) => place.nextOffset > offset);
  }

  /** The first batch from `position` on that `matches`. Reads headers only, by windows. @throws {StorageError} */
  firstBatch(
    position: number,
    matches: (place: BatchPlace, header: DataView) => boolean,
  ): BatchPlace | undefined {
    let minOffset = this.baseOffset;
    const window = new Uint8Array(Math.min(WINDOW_BYTES, this.sizeBytes - position));
    while (position < this.sizeBytes) {
      const n = this.file.read(position, window);
      if (n < BATCH_HEADER_BYTES) throw this.#damaged(position);
      let at = 0;
      while (at + BATCH_HEADER_BYTES <= n) {
        const header = new DataView(window.buffer, at, BATCH_HEADER_BYTES);
        const sizeBytes = BATCH_OVERHEAD_BYTES + header.getInt32(BATCH_AT.batchLength);
        if (sizeBytes < BATCH_HEADER_BYTES || header.getInt8(BATCH_AT.magic) !== CURRENT_MAGIC) {
          throw this.#damaged(position + at);
        }
        const baseOffset = header.getBigInt64(0);
        const nextOffset = baseOffset + BigInt(header.getInt32(BATCH_AT.lastOffsetDelta)) + 1n;
        // What is walked over is not checked whole: at least its offsets rise.
        if (baseOffset < minOffset || nextOffset <= baseOffset) throw this.#damaged(position + at);
        minOffset = nextOffset;
        const place = { position: position + at, sizeBytes, baseOffset, nextOffset };
        if (matches(place, header)) return place;
        at += sizeBytes;
      }
      position += at;
    }
    return undefined;
  }

  /** The timestamp of its first batch, epoch milliseconds; -1 when there is none. @throws {StorageError} */
  firstTimestamp(): number {
    let timestamp = -1;
    this.firstBatch(0, (_, header) => {
      timestamp = Number(header.getBigInt64(BATCH_AT.maxTimestamp));
      return true;
    });
    return timestamp;
  }

  /** A position before which every timestamp is smaller than `timestamp`. */
  positionForTimestamp(timestamp: number): number {
    return this.index.positionForTimestamp(timestamp);
  }

  /**
   * Whole batches from the one that holds `offset`, below `limit`, at most `maxBytes` together. The first is given even
   * when it alone is larger, if `minOneBatch`.
   *
   * @throws {StorageError}
   */
  read(offset: bigint, limit: bigint, maxBytes: number, minOneBatch: boolean): Uint8Array {
    const first = this.locate(offset);
    if (first === undefined || first.baseOffset >= limit) {
      // There is a batch with this offset or one behind it, and none ends behind the segment's end.
      if (offset < this.nextOffset && (first?.nextOffset ?? Infinity) > this.nextOffset) {
        throw this.#damaged(first?.position ?? this.sizeBytes);
      }
      return EMPTY;
    }
    if (first.sizeBytes > maxBytes && !minOneBatch) return EMPTY;
    const range = Math.max(first.sizeBytes, Math.min(maxBytes, this.sizeBytes - first.position));
    const bytes = readBuffers.take(range);
    const n = this.file.read(first.position, bytes);
    const view = new DataView(bytes.buffer);
    let end = 0;
    let lastNextOffset = offset;
    while (end + BATCH_HEADER_BYTES <= n) {
      const baseOffset = view.getBigInt64(end);
      const next = end + BATCH_OVERHEAD_BYTES + view.getInt32(end + BATCH_AT.batchLength);
      if (next < end + BATCH_HEADER_BYTES || bytes[end + BATCH_AT.magic] !== CURRENT_MAGIC) {
        throw this.#damaged(first.position + end);
      }
      if (baseOffset >= limit || next > n) break;
      lastNextOffset = baseOffset + BigInt(view.getInt32(end + BATCH_AT.lastOffsetDelta)) + 1n;
      end = next;
    }
    // The first batch is whole, or the file is shorter than it says.
    if (end === 0) throw this.#damaged(first.position);
    this.#check(bytes.subarray(0, end), first.position);
    this.#hintOffset = lastNextOffset;
    this.#hintPosition = first.position + end;
    return bytes.subarray(0, end);
  }

  /** The bytes of one batch. @throws {StorageError} */
  readBatch(place: BatchPlace): Uint8Array {
    const bytes = new Uint8Array(place.sizeBytes);
    if (this.file.read(place.position, bytes) < bytes.length) throw this.#damaged(place.position);
    this.#check(bytes, place.position);
    return bytes;
  }

  /** Checks batches whose bytes this process has not seen before. */
  #check(batches: Uint8Array, position: number): void {
    const end = Math.min(batches.length, this.#trustedFrom - position);
    if (position + end <= this.#checkedTo) return;
    const view = new DataView(batches.buffer, batches.byteOffset, batches.byteLength);
    let minOffset = this.baseOffset;
    for (let at = 0; at < end; at += BATCH_OVERHEAD_BYTES + view.getInt32(at + BATCH_AT.batchLength)) {
      // The checksum does not cover the offset.
      const baseOffset = view.getBigInt64(at + BATCH_AT.baseOffset);
      if (baseOffset < minOffset || verifyBatch(batches, at) !== undefined) {
        throw this.#damaged(position + at);
      }
      minOffset = baseOffset + BigInt(view.getInt32(at + BATCH_AT.lastOffsetDelta)) + 1n;
      if (minOffset > this.nextOffset) throw this.#damaged(position + at);
    }
    if (position <= this.#checkedTo) this.#checkedTo = position + batches.length;
  }

  #indexAnew(): SparseIndex {
    const index = new SparseIndex();
    let maxTimestamp = -1;
    this.firstBatch(0, ({ baseOffset, position }, header) => {
      index.note(Number(baseOffset - this.baseOffset), position, maxTimestamp);
      maxTimestamp = Math.max(maxTimestamp, Number(header.getBigInt64(BATCH_AT.maxTimestamp)));
      return false;
    });
    return index;
  }

  #damaged(position: number): DamageError {
    return new DamageError(
      `Cannot read segment '${this.#indexes.folder}/${segmentName(this)}': ` +
        `there is no good record batch at byte ${position}`,
    );
  }
}
