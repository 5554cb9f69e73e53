/**
 * The newest batches of a partition, in memory: what a consumer that keeps up asks for, given without touching the
 * disk. All tails together share a budget; the one unused for longest gives way.
 *
 * @module
 */
import type { BatchExtent } from "./segment.ts";

const FIRST_BYTES = 4 * 1024;
const NOTHING = new Uint8Array();

/** The budget of all tails. */
export class TailPool {
  readonly maxBytesPerTail: number;
  readonly #maxBytes: number;
  readonly #tails = new Set<Tail>();
  #bytes = 0;

  constructor(maxBytes: number, maxBytesPerTail: number) {
    this.#maxBytes = maxBytes;
    this.maxBytesPerTail = Math.min(maxBytesPerTail, maxBytes);
  }

  /** `tail` grew by so many bytes. Others give way when that is too much. */
  grown(tail: Tail, byBytes: number): void {
    this.#bytes += byBytes;
    this.#tails.delete(tail);
    this.#tails.add(tail);
    for (const oldest of this.#tails) {
      if (this.#bytes <= this.#maxBytes || oldest === tail) break;
      oldest.clear();
    }
  }

  /** `tail` gave its memory back. */
  freed(tail: Tail, bytes: number): void {
    this.#bytes -= bytes;
    this.#tails.delete(tail);
  }
}

/** See the module. Offsets are numbers in here: exact up to 2^53, which no log reaches. */
export class Tail {
  readonly #pool: TailPool;
  #buffer: Uint8Array = NOTHING;
  #end = 0;
  #nextOffset = 0;
  #baseOffsets: number[] = [];
  #positions: number[] = [];

  constructor(pool: TailPool) {
    this.#pool = pool;
  }

  /** Copies a batch, which follows the last one. */
  append(batch: Uint8Array, extent: BatchExtent): void {
    if (batch.length > this.#pool.maxBytesPerTail / 2) return this.clear();
    if (this.#end + batch.length > this.#buffer.length) this.#makeRoom(batch.length);
    this.#buffer.set(batch, this.#end);
    this.#baseOffsets.push(Number(extent.baseOffset));
    this.#positions.push(this.#end);
    this.#end += batch.length;
    this.#nextOffset = Number(extent.nextOffset);
  }

  /**
   * Whole batches from the one that holds `offset`, below `limit`, at most `maxBytes` together (the first even when it
   * alone is larger, if `minOneBatch`). The view is good until the next append. Undefined when `offset` is not here.
   */
  read(offset: bigint, limit: bigint, maxBytes: number, minOneBatch: boolean): Uint8Array | undefined {
    const wanted = Number(offset);
    const count = this.#baseOffsets.length;
    if (count === 0 || wanted < (this.#baseOffsets[0] ?? 0) || wanted >= this.#nextOffset) return undefined;
    const first = lastAtMost(this.#baseOffsets, wanted);
    const start = this.#positions[first] ?? 0;
    // The batches [first, behind) lie below the limit.
    const behind = Number(limit) >= this.#nextOffset
      ? count
      : lastAtMost(this.#baseOffsets, Number(limit) - 1) + 1;
    if (behind <= first) return NOTHING;
    let end = behind === count ? this.#end : this.#positions[behind] ?? this.#end;
    if (end - start > maxBytes) {
      end = this.#positions[lastAtMost(this.#positions, start + maxBytes)] ?? start;
      if (end === start && minOneBatch) {
        end = first + 1 === count ? this.#end : this.#positions[first + 1] ?? start;
      }
    }
    return this.#buffer.subarray(start, end);
  }

  /** Forgets everything and gives the memory back. */
  clear(): void {
    if (this.#buffer.length > 0) this.#pool.freed(this, this.#buffer.length);
    this.#buffer = NOTHING;
    this.#forgetAll();
  }

  #forgetAll(): void {
    this.#end = 0;
    this.#baseOffsets = [];
    this.#positions = [];
  }

  /** Grows the buffer, or, when it may not grow, lets the older half go. */
  #makeRoom(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#pool.maxBytesPerTail) {
      let capacity = Math.max(FIRST_BYTES, this.#buffer.length * 2);
      while (capacity < needed) capacity *= 2;
      capacity = Math.min(capacity, this.#pool.maxBytesPerTail);
      const grown = new Uint8Array(capacity);
      grown.set(this.#buffer.subarray(0, this.#end));
      const byBytes = capacity - this.#buffer.length;
      this.#buffer = grown;
      this.#pool.grown(this, byBytes);
      return;
    }
    const keepFrom = Math.max(this.#buffer.length >> 1, needed - this.#buffer.length);
    const first = firstAtLeast(this.#positions, keepFrom);
    if (first === this.#positions.length) return this.#forgetAll();
    const from = this.#positions[first] ?? 0;
    this.#buffer.copyWithin(0, from, this.#end);
    this.#end -= from;
    this.#baseOffsets = this.#baseOffsets.slice(first);
    this.#positions = this.#positions.slice(first).map((position) => position - from);
  }
}

/** Index of the last value <= `wanted`; -1 when there is none. */
function lastAtMost(values: readonly number[], wanted: number): number {
  let low = -1;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((values[middle] ?? 0) <= wanted) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Index of the first value >= `wanted`; the length when there is none. */
function firstAtLeast(values: readonly number[], wanted: number): number {
  return lastAtMost(values, wanted - 1) + 1;
}
