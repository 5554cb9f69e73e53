/**
 * The newest batches of a partition, in memory: what a consumer that keeps up asks for, given without touching the
 * disk. All tails together share a budget; the one unused for longest gives way.
 *
 * @module
 */
import { ATTACHED_BYTES } from "../../wire/writer.ts";
import type { BatchExtent } from "./segment.ts";

const FIRST_BYTES = 4 * 1024;
const FIRST_BATCHES = 8;
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
  /** Of each batch, in typed arrays: as plain ones they would be garbage of the expensive, middle-aged kind. */
  #baseOffsets = new Float64Array(FIRST_BATCHES);
  #positions = new Float64Array(FIRST_BATCHES);
  #count = 0;

  constructor(pool: TailPool) {
    this.#pool = pool;
  }

  /** Copies a batch, which follows the last one. */
  append(batch: Uint8Array, extent: BatchExtent): void {
    if (batch.length > this.#pool.maxBytesPerTail / 2) return this.clear();
    if (this.#end + batch.length > this.#buffer.length) this.#makeRoom(batch.length);
    if (this.#count === this.#positions.length) this.#growIndex();
    this.#buffer.set(batch, this.#end);
    this.#baseOffsets[this.#count] = Number(extent.baseOffset);
    this.#positions[this.#count] = this.#end;
    this.#count++;
    this.#end += batch.length;
    this.#nextOffset = Number(extent.nextOffset);
  }

  /**
   * Whole batches from the one that holds `offset`, below `limit`, at most `maxBytes` together (the first even when it
   * alone is larger, if `minOneBatch`). A view that is good until the next append; a copy where a message is sent without
   * copying. Undefined when `offset` is not here.
   */
  read(offset: bigint, limit: bigint, maxBytes: number, minOneBatch: boolean): Uint8Array | undefined {
    const wanted = Number(offset);
    const count = this.#count;
    if (count === 0 || wanted < (this.#baseOffsets[0] ?? 0) || wanted >= this.#nextOffset) return undefined;
    const first = lastAtMost(this.#baseOffsets, count, wanted);
    const start = this.#startOf(first);
    // The batches [first, behind) lie below the limit.
    const below = Number(limit);
    const behind = below >= this.#nextOffset ? count : lastAtMost(this.#baseOffsets, count, below - 1) + 1;
    if (behind <= first) return NOTHING;
    let end = this.#startOf(behind);
    if (end - start > maxBytes) {
      end = this.#startOf(lastAtMost(this.#positions, count, start + maxBytes));
      if (end === start && minOneBatch) end = this.#startOf(first + 1);
    }
    return end - start < ATTACHED_BYTES ? this.#buffer.subarray(start, end) : this.#buffer.slice(start, end);
  }

  /** Forgets the batches before an offset, which are not the same on the disk any more. */
  forgetBefore(offset: bigint): void {
    const first = lastAtMost(this.#baseOffsets, this.#count, Number(offset) - 1) + 1;
    if (first === this.#count) this.clear();
    else if (first > 0) this.#letGo(first);
  }

  /** Forgets everything and gives the memory back. */
  clear(): void {
    if (this.#buffer.length > 0) this.#pool.freed(this, this.#buffer.length);
    this.#buffer = NOTHING;
    this.#baseOffsets = new Float64Array(FIRST_BATCHES);
    this.#positions = new Float64Array(FIRST_BATCHES);
    this.#count = 0;
    this.#end = 0;
  }

  /** Where a batch starts; of the one behind the last, where the last ends. */
  #startOf(index: number): number {
    return index === this.#count ? this.#end : this.#positions[index] ?? 0;
  }

  /** Grows the buffer, or, when it may not grow, lets the older half go. */
  #makeRoom(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#pool.maxBytesPerTail) return this.#grow(needed);
    const keepFrom = Math.max(this.#buffer.length >> 1, needed - this.#buffer.length);
    // The first batch that starts there or behind.
    const first = lastAtMost(this.#positions, this.#count, keepFrom - 1) + 1;
    this.#letGo(first);
  }

  /** Lets the first so many batches go. */
  #letGo(first: number): void {
    const from = this.#startOf(first);
    this.#buffer.copyWithin(0, from, this.#end);
    this.#baseOffsets.copyWithin(0, first, this.#count);
    for (let i = first; i < this.#count; i++) this.#positions[i - first] = this.#startOf(i) - from;
    this.#count -= first;
    this.#end -= from;
  }

  #grow(needed: number): void {
    let capacity = Math.max(FIRST_BYTES, this.#buffer.length * 2);
    while (capacity < needed) capacity *= 2;
    capacity = Math.min(capacity, this.#pool.maxBytesPerTail);
    const grown = new Uint8Array(capacity);
    grown.set(this.#buffer.subarray(0, this.#end));
    const byBytes = capacity - this.#buffer.length;
    this.#buffer = grown;
    this.#pool.grown(this, byBytes);
  }

  #growIndex(): void {
    const baseOffsets = new Float64Array(2 * this.#count);
    const positions = new Float64Array(2 * this.#count);
    baseOffsets.set(this.#baseOffsets);
    positions.set(this.#positions);
    this.#baseOffsets = baseOffsets;
    this.#positions = positions;
  }
}

/** Index of the last of `count` rising values that is <= `wanted`; -1 when there is none. */
function lastAtMost(values: Float64Array, count: number, wanted: number): number {
  let low = -1;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((values[middle] ?? 0) <= wanted) low = middle;
    else high = middle - 1;
  }
  return low;
}
