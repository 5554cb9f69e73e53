/**
 * What is told of a Kafka that is away: nothing at first, as a take-over is over in a moment; then one line, and another
 * one when it is back.
 *
 * @module
 */

/** An outage that is shorter is not told. */
const PATIENCE_MS = 3_000;

/** See the module. */
export class Outage {
  readonly #tell: (message: string) => void;
  readonly #now: () => number;
  #sinceMs: number | undefined;
  #isTold = false;

  constructor(tell: (message: string) => void, now: () => number = () => performance.now()) {
    this.#tell = tell;
    this.#now = now;
  }

  /** An attempt has failed. */
  down(reason: string): void {
    this.#sinceMs ??= this.#now();
    if (this.#isTold || this.#now() - this.#sinceMs < PATIENCE_MS) return;
    this.#isTold = true;
    this.#tell(`${reason}; it is tried again until it works`);
  }

  /** All is well. */
  up(): void {
    if (this.#isTold) this.#tell("Kafka is back");
    this.#sinceMs = undefined;
    this.#isTold = false;
  }
}
