/**
 * Time as the broker's state sees it, so that a test can turn it by hand.
 *
 * @module
 */

/** A clock with one-shot timers. */
export interface Clock {
  /** Milliseconds that only grow; for durations and deadlines. */
  nowMs(): number;
  /** Milliseconds since 1970; for timestamps in the log. */
  epochMs(): number;
  /** Calls `run` once after `delayMs`. @returns what cancels it */
  schedule(delayMs: number, run: () => void): () => void;
}

/** The longest delay that setTimeout keeps. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  epochMs: () => Date.now(),
  schedule(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, Math.ceil(delayMs)), MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
};
