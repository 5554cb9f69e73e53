/**
 * What is told of a Kafka that is away: nothing at first, as a take-over is over in a moment; then one line, and another
 * one when it is back.
 *
 * @module
 */

/** An outage that is shorter is not told. */
const PATIENCE_MS = 3_000;

/** See the module. */
export class Outage implements Disposable {
  readonly #tell: (message: string) => void;
  readonly #patienceMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isTold = false;

  constructor(tell: (message: string) => void, patienceMs = PATIENCE_MS) {
    this.#tell = tell;
    this.#patienceMs = patienceMs;
  }

  /** It is away, for `reason`. */
  down(reason: string): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#isTold = true;
      this.#tell(`${reason}; it is tried again until it works`);
    }, this.#patienceMs);
  }

  /** All is well. */
  up(): void {
    if (this.#isTold) this.#tell("Kafka is back");
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isTold = false;
  }
}
