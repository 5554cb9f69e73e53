/**
 * Which records of a partition are still being handled, so that no offset is committed past one of them.
 *
 * @module
 */

/** Offsets are added in order and finished in any. To add an earlier one is to begin again there. */
export class UnfinishedOffsets {
  /** A Set keeps its order: the first one is the oldest. */
  readonly #offsets = new Set<number>();

  #last = -1;

  get size(): number {
    return this.#offsets.size;
  }

  add(offset: bigint): void {
    const added = Number(offset);
    if (added <= this.#last) {
      for (const other of this.#offsets) if (other >= added) this.#offsets.delete(other);
    }
    this.#last = added;
    this.#offsets.add(added);
  }

  /** @returns whether it was still unfinished */
  finish(offset: bigint): boolean {
    return this.#offsets.delete(Number(offset));
  }

  /** The offset below which everything is finished, where `next` is the offset behind all that was added. */
  lowWatermark(next: bigint): bigint {
    for (const oldest of this.#offsets) return BigInt(oldest);
    return next;
  }
}
