/**
 * One file of a partition's log: record batches, end to end, named by the offset of the first.
 *
 * Batches stay bytes. Reads find their place by the sparse index and take the range that they need.
 *
 * @module
 */
import { BATCH_AT, BATCH_HEADER_BYTES, BATCH_OVERHEAD_BYTES } from "../../wire/record_batch.ts";
import { SparseIndex } from "./sparse_index.ts";
import type { StorageFile } from "./storage.ts";

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

/** Where a batch lies. */
export interface BatchPlace {
  readonly position: number;
  readonly sizeBytes: number;
  readonly baseOffset: bigint;
  readonly nextOffset: bigint;
}

/** The name of a segment's file: its base offset in 20 digits. */
export function segmentName(baseOffset: bigint): string {
  return `${baseOffset.toString().padStart(20, "0")}.log`;
}

/** The base offset in a segment's name, undefined when it is no segment. */
export function parseSegmentName(name: string): bigint | undefined {
  return /^\d{20}\.log$/.test(name) ? BigInt(name.slice(0, 20)) : undefined;
}

/** See the module. */
export class Segment {
  readonly baseOffset: bigint;
  nextOffset: bigint;
  maxTimestamp = -1;
  /** When its first batch was written, epoch milliseconds; what `segment.ms` counts from. */
  createdAtMs: number;
  readonly file: StorageFile;
  readonly #index = new SparseIndex();
  /** Where the last read ended: the next one of the same reader begins there. */
  #hintOffset = -1n;
  #hintPosition = 0;

  constructor(baseOffset: bigint, file: StorageFile, createdAtMs: number) {
    this.baseOffset = baseOffset;
    this.nextOffset = baseOffset;
    this.file = file;
    this.createdAtMs = createdAtMs;
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
    this.#index.note(Number(extent.baseOffset - this.baseOffset), position, this.maxTimestamp);
    this.nextOffset = extent.nextOffset;
    if (extent.maxTimestamp > this.maxTimestamp) this.maxTimestamp = extent.maxTimestamp;
  }

  /** The first batch that reaches to `offset` or beyond. @throws {StorageError} */
  locate(offset: bigint): BatchPlace | undefined {
    if (offset >= this.nextOffset) return undefined;
    const from = offset === this.#hintOffset
      ? this.#hintPosition
      : this.#index.positionFor(offset <= this.baseOffset ? 0 : Number(offset - this.baseOffset));
    return this.firstBatch(from, (place) => place.nextOffset > offset);
  }

  /** The first batch from `position` on that `matches`. Reads headers only, by windows. @throws {StorageError} */
  firstBatch(
    position: number,
    matches: (place: BatchPlace, header: DataView) => boolean,
  ): BatchPlace | undefined {
    const window = new Uint8Array(Math.min(WINDOW_BYTES, this.sizeBytes - position));
    while (position < this.sizeBytes) {
      const n = this.file.read(position, window);
      if (n < BATCH_HEADER_BYTES) return undefined;
      let at = 0;
      while (at + BATCH_HEADER_BYTES <= n) {
        const header = new DataView(window.buffer, at, BATCH_HEADER_BYTES);
        const sizeBytes = BATCH_OVERHEAD_BYTES + header.getInt32(BATCH_AT.batchLength);
        if (sizeBytes < BATCH_HEADER_BYTES) return undefined; // changed behind our back: there is no next batch
        const baseOffset = header.getBigInt64(0);
        const nextOffset = baseOffset + BigInt(header.getInt32(BATCH_AT.lastOffsetDelta)) + 1n;
        const place = { position: position + at, sizeBytes, baseOffset, nextOffset };
        if (matches(place, header)) return place;
        at += sizeBytes;
      }
      position += at;
    }
    return undefined;
  }

  /** A position before which every timestamp is smaller than `timestamp`. */
  positionForTimestamp(timestamp: number): number {
    return this.#index.positionForTimestamp(timestamp);
  }

  /**
   * Whole batches from the one that holds `offset`, below `limit`, at most `maxBytes` together. The first is given even
   * when it alone is larger, if `minOneBatch`.
   *
   * @throws {StorageError}
   */
  read(offset: bigint, limit: bigint, maxBytes: number, minOneBatch: boolean): Uint8Array {
    const first = this.locate(offset);
    if (first === undefined || first.baseOffset >= limit) return EMPTY;
    if (first.sizeBytes > maxBytes && !minOneBatch) return EMPTY;
    const range = Math.max(first.sizeBytes, Math.min(maxBytes, this.sizeBytes - first.position));
    const bytes = new Uint8Array(range);
    const n = this.file.read(first.position, bytes);
    const view = new DataView(bytes.buffer);
    let end = 0;
    let lastNextOffset = offset;
    while (end + BATCH_HEADER_BYTES <= n) {
      const baseOffset = view.getBigInt64(end);
      const next = end + BATCH_OVERHEAD_BYTES + view.getInt32(end + BATCH_AT.batchLength);
      if (baseOffset >= limit || next > n) break;
      lastNextOffset = baseOffset + BigInt(view.getInt32(end + BATCH_AT.lastOffsetDelta)) + 1n;
      end = next;
    }
    this.#hintOffset = lastNextOffset;
    this.#hintPosition = first.position + end;
    return bytes.subarray(0, end);
  }

  /** The bytes of one batch. @throws {StorageError} */
  readBatch(place: BatchPlace): Uint8Array {
    const bytes = new Uint8Array(place.sizeBytes);
    return bytes.subarray(0, this.file.read(place.position, bytes));
  }
}
