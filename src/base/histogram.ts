/**
 * Latencies in bounded memory: a histogram whose buckets grow by a twentieth, so a quantile is right to 5 %
 * whatever the number of values.
 *
 * @module
 */

const GROWTH = Math.log(1.05);
/** 10 microseconds to about 20 minutes. */
const BUCKETS = 384;
const SMALLEST_MS = 0.01;

/** Counts durations in milliseconds and answers quantiles. */
export class Histogram {
  readonly #buckets = new Uint32Array(BUCKETS);
  #count = 0;
  #maxMs = 0;

  get count(): number {
    return this.#count;
  }

  /** Counts one duration, in milliseconds. What is negative counts as zero. */
  add(ms: number): void {
    const at = ms <= SMALLEST_MS ? 0 : Math.ceil(Math.log(ms / SMALLEST_MS) / GROWTH);
    const i = Math.min(at, BUCKETS - 1);
    this.#buckets[i] = (this.#buckets[i] ?? 0) + 1;
    this.#count++;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  /**
   * The value below which the share `q` of all values lies, in milliseconds; undefined while there is none.
   *
   * @throws {RangeError} if `q` is not in [0, 1]
   */
  quantile(q: number): number | undefined {
    if (!(q >= 0 && q <= 1)) {
      throw new RangeError(`Cannot tell a quantile as 'q' must be from 0 to 1: current value is ${q}`);
    }
    if (this.#count === 0) return undefined;
    const rank = Math.max(1, Math.ceil(q * this.#count));
    let seen = 0;
    for (let i = 0; i < BUCKETS; i++) {
      seen += this.#buckets[i] ?? 0;
      if (seen >= rank) return Math.min(SMALLEST_MS * Math.exp(i * GROWTH), this.#maxMs);
    }
    return this.#maxMs;
  }
}
