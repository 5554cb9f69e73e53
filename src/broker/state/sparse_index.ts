/**
 * Where batches lie in a segment: one entry per so many bytes, in memory, 16 bytes each.
 *
 * @module
 */

/** Bytes of log between two entries: what a read may have to walk over to find its offset. */
export const INDEX_INTERVAL_BYTES = 16 * 1024;
/** An offset may be so far above its segment's base. */
export const MAX_RELATIVE_OFFSET = 2n ** 32n - 1n;

const FIRST_CAPACITY = 16;

/** An entry: the batch at `position` begins with this offset, counted from the segment's base. */
export interface IndexEntry {
  readonly relativeOffset: number;
  readonly position: number;
  /** The largest timestamp of all batches before it, epoch milliseconds, or -1. */
  readonly timestampBefore: number;
}

/** Entries by offset, and with each the largest timestamp of all batches before it. */
export class SparseIndex {
  #offsets = new Uint32Array(FIRST_CAPACITY);
  #positions = new Uint32Array(FIRST_CAPACITY);
  #timestampsBefore = new Float64Array(FIRST_CAPACITY);
  #length = 0;

  /** Notes a batch, when the last entry is far enough behind. To be called for each batch, in order. */
  note(relativeOffset: number, position: number, maxTimestampBefore: number): void {
    const last = this.#length - 1;
    if (last >= 0 && position - (this.#positions[last] ?? 0) < INDEX_INTERVAL_BYTES) return;
    this.#add(relativeOffset, position, maxTimestampBefore);
  }

  get length(): number {
    return this.#length;
  }

  /** All entries, in order. */
  *entries(): Iterable<IndexEntry> {
    for (let i = 0; i < this.#length; i++) yield this.#entry(i);
  }

  get last(): IndexEntry | undefined {
    return this.#length === 0 ? undefined : this.#entry(this.#length - 1);
  }

  /** Adds an entry behind all others. */
  add({ relativeOffset, position, timestampBefore }: IndexEntry): void {
    this.#add(relativeOffset, position, timestampBefore);
  }

  /** The position of the last entry at or before an offset; 0 when there is none. */
  positionFor(relativeOffset: number): number {
    return this.#positions[this.#last(this.#offsets, relativeOffset)] ?? 0;
  }

  /** A position before which every timestamp is smaller than `timestamp`. */
  positionForTimestamp(timestamp: number): number {
    // The last entry that has only smaller timestamps before it.
    let low = 0;
    let high = this.#length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#timestampsBefore[middle] ?? 0) < timestamp) low = middle;
      else high = middle - 1;
    }
    return this.#positions[low] ?? 0;
  }

  /** Index of the last value <= `wanted`, 0 when there is none. */
  #last(values: Uint32Array, wanted: number): number {
    let low = 0;
    let high = this.#length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((values[middle] ?? 0) <= wanted) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #add(relativeOffset: number, position: number, timestampBefore: number): void {
    if (this.#length === this.#offsets.length) this.#grow();
    this.#offsets[this.#length] = relativeOffset;
    this.#positions[this.#length] = position;
    this.#timestampsBefore[this.#length] = timestampBefore;
    this.#length++;
  }

  #entry(i: number): IndexEntry {
    return {
      relativeOffset: this.#offsets[i] ?? 0,
      position: this.#positions[i] ?? 0,
      timestampBefore: this.#timestampsBefore[i] ?? -1,
    };
  }

  #grow(): void {
    const capacity = this.#offsets.length * 2;
    const grown = (values: Uint32Array) => {
      const next = new Uint32Array(capacity);
      next.set(values);
      return next;
    };
    this.#offsets = grown(this.#offsets);
    this.#positions = grown(this.#positions);
    const timestamps = new Float64Array(capacity);
    timestamps.set(this.#timestampsBefore);
    this.#timestampsBefore = timestamps;
  }
}
