/**
 * The aborted transactions of a partition, in the order in which they ended: what a read_committed reader must leave out.
 * Kafka's TransactionIndex is the model. Numbers side by side, as there may be many of them for long.
 *
 * @module
 */
import type { Reader } from "../../wire/reader.ts";
import type { Writer } from "../../wire/writer.ts";

/** A transaction whose records are to be left out. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
  /** That of the marker. */
  readonly lastOffset: bigint;
  /** Where the partition was stable up to once it had ended. */
  readonly lastStableOffset: bigint;
}

const FIELDS = 4;
const FIRST_OFFSET = 1;
const LAST_OFFSET = 2;
const LAST_STABLE_OFFSET = 3;
const INITIAL_COUNT = 16;
const ENTRY_BYTES = FIELDS * 8;

/** See the module. */
export class AbortedTransactions {
  #numbers = new BigInt64Array(0);
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** Takes one that has ended: its `lastOffset` is larger than that of all before. */
  add({ producerId, firstOffset, lastOffset, lastStableOffset }: AbortedTransaction): void {
    const at = this.#count * FIELDS;
    if (at === this.#numbers.length) {
      const wider = new BigInt64Array(Math.max(INITIAL_COUNT * FIELDS, this.#numbers.length * 2));
      wider.set(this.#numbers);
      this.#numbers = wider;
    }
    this.#numbers.set([producerId, firstOffset, lastOffset, lastStableOffset], at);
    this.#count++;
  }

  /** Those with records or a marker from `from` up to, but not including, `to`. */
  between(from: bigint, to: bigint): { producerId: bigint; firstOffset: bigint }[] {
    const found: { producerId: bigint; firstOffset: bigint }[] = [];
    for (let i = this.#firstEndingFrom(from); i < this.#count; i++) {
      const firstOffset = this.#at(i, FIRST_OFFSET);
      if (firstOffset < to) found.push({ producerId: this.#at(i, 0), firstOffset });
      // What ended later began at or behind where all was stable then.
      if (this.#at(i, LAST_STABLE_OFFSET) >= to) break;
    }
    return found;
  }

  /** Forgets those that ended before `offset`: their records are deleted. */
  forgetBefore(offset: bigint): void {
    const gone = this.#firstEndingFrom(offset);
    if (gone === 0) return;
    this.#numbers = this.#numbers.slice(gone * FIELDS);
    this.#count -= gone;
  }

  /** Forgets those whose markers are at these offsets: nothing else is left of them. */
  forget(markers: ReadonlySet<bigint>): void {
    let kept = 0;
    for (let i = 0; i < this.#count; i++) {
      if (markers.has(this.#at(i, LAST_OFFSET))) continue;
      this.#numbers.copyWithin(kept * FIELDS, i * FIELDS, (i + 1) * FIELDS);
      kept++;
    }
    this.#count = kept;
  }

  write(writer: Writer): void {
    writer.int32(this.#count);
    for (const number of this.#numbers.subarray(0, this.#count * FIELDS)) writer.int64(number);
  }

  /** @throws {WireError} */
  static read(reader: Reader): AbortedTransactions {
    const aborted = new AbortedTransactions();
    aborted.#count = Math.max(0, reader.arrayCount(ENTRY_BYTES));
    aborted.#numbers = new BigInt64Array(aborted.#count * FIELDS);
    for (let i = 0; i < aborted.#numbers.length; i++) aborted.#numbers[i] = reader.int64();
    return aborted;
  }

  #at(index: number, field: number): bigint {
    return this.#numbers[index * FIELDS + field] ?? 0n;
  }

  #firstEndingFrom(offset: bigint): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#at(middle, LAST_OFFSET) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
