/**
 * Which of the requests that a rule is about it strikes.
 *
 * @module
 */
import type { FaultTiming } from "./rules.ts";

/** See the module. The same rule strikes the same requests, whenever they come. */
export class Strikes {
  matchedCount = 0;
  struckCount = 0;
  readonly #timing: FaultTiming;
  #dice: number;

  constructor(timing: FaultTiming) {
    this.#timing = timing;
    this.#dice = timing.seed ?? 1;
  }

  /** Whether the next request is struck. */
  next(): boolean {
    this.matchedCount++;
    const isStruck = this.#isStruck();
    if (isStruck) this.struckCount++;
    return isStruck;
  }

  #isStruck(): boolean {
    const { nth, every, first, probability } = this.#timing;
    if (nth !== undefined) return this.matchedCount === nth;
    if (every !== undefined) return this.matchedCount % every === 0;
    if (first !== undefined) return this.matchedCount <= first;
    return probability === undefined || this.#roll() < probability;
  }

  /** A number from 0 up to 1 (mulberry32). */
  #roll(): number {
    this.#dice = (this.#dice + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#dice ^ (this.#dice >>> 15), 1 | this.#dice);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
