/**
 * Durations counted in fixed buckets, as Prometheus has them: memory that does not grow, and nothing made to count one.
 *
 * @module
 */

/** The upper ends of the buckets, in milliseconds. */
export const DURATION_BUCKETS_MS: readonly number[] = [
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  25,
  50,
  100,
  250,
  500,
  1_000,
  5_000,
];

/** What was counted, as plain data. */
export interface DurationCounts {
  /** For each of {@linkcode DURATION_BUCKETS_MS}, and for what took longer. */
  readonly buckets: readonly number[];
  readonly sumMs: number;
}

/** See the module. */
export class Durations {
  readonly #buckets = new Float64Array(DURATION_BUCKETS_MS.length + 1);
  #sumMs = 0;

  add(ms: number): void {
    let at = 0;
    while (ms > (DURATION_BUCKETS_MS[at] ?? Infinity)) at++;
    this.#buckets[at] = (this.#buckets[at] ?? 0) + 1;
    this.#sumMs += ms;
  }

  get counts(): DurationCounts {
    return { buckets: [...this.#buckets], sumMs: this.#sumMs };
  }
}
