/**
 * A log's work that is done one round at a time, such as its checkpoint.
 *
 * @module
 */

/** See the module. Who asks while a round is under way waits for the next: this one may have begun too early. */
export class Rounds {
  readonly #action: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(action: () => Promise<void>) {
    this.#action = action;
  }

  /** Resolves, or rejects, with a round that begins now or later. */
  run(): Promise<void> {
    if (this.#running === undefined) {
      return this.#running = this.#action().finally(() => this.#running = undefined);
    }
    return this.#next ??= this.#running.catch(() => {}).then(() => {
      this.#next = undefined;
      return this.run();
    });
  }
}
