/**
 * How much all connections together may hold of requests that are not whole and of answers that are not taken. Each has
 * bounds of its own; but many that each stay within them could still fill the memory.
 *
 * @module
 */

/** See the module. */
export class BufferPool {
  readonly #maxBytes: number;
  #bytes = 0;
  #holders = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Held by all. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * A holder held `before` bytes and holds `now`.
   *
   * @returns false if that is too much: the pool is full, and it holds more than its share. Who holds little goes on.
   */
  change(before: number, now: number): boolean {
    this.#bytes += now - before;
    if (before === 0 && now > 0) this.#holders++;
    if (before > 0 && now === 0) this.#holders--;
    return now <= before || this.#bytes <= this.#maxBytes || now * this.#holders <= this.#maxBytes;
  }
}
