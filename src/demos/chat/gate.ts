/**
 * Lets so many in at a time: who comes later waits, in order, until somebody leaves.
 *
 * @module
 */
import { untilAborted, within } from "../../base/stop.ts";

/** A timer cannot be set to more. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** See the module. */
export class Gate {
  #limit: number;
  #inside = 0;
  readonly #waiting = new Set<() => void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Resolves when there is room.
   *
   * @param deadlineMs epoch ms; undefined to wait without end
   * @throws {Error} if there was none by `deadlineMs`
   * @throws the signal's reason
   */
  async enter(deadlineMs: number | undefined, signal: AbortSignal): Promise<void> {
    if (this.#inside < this.#limit) {
      this.#inside++;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    try {
      const turn = untilAborted(promise, signal);
      if (deadlineMs === undefined) return await turn;
      const leftMs = Math.min(Math.max(0, deadlineMs - Date.now()), MAX_TIMER_MS);
      await within(
        turn,
        leftMs,
        () => new Error(`Cannot begin by the deadline: ${this.#limit} are before it`),
      );
    } finally {
      this.#waiting.delete(resolve);
    }
  }

  /** Somebody has left: the first who waits comes in. */
  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#inside = Math.max(0, this.#inside - 1);
      return;
    }
    this.#waiting.delete(next);
    next();
  }

  /** Lets everybody in, from now on. */
  open(): void {
    this.#limit = Infinity;
    for (const enter of this.#waiting) enter();
  }
}
