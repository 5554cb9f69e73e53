/**
 * How long to wait before trying again: exponential, capped, with jitter, so that many who failed together do not
 * come back together ("equal jitter": half of the delay is fixed, half is random, so a retry is never immediate).
 *
 * @module
 */

/** Options of {@linkcode backoffMs}. */
export interface BackoffOptions {
  /** The delay before the first retry, in milliseconds. @default {100} */
  readonly baseMs?: number;
  /** No delay is longer, in milliseconds. @default {10_000} */
  readonly capMs?: number;
  /** Where the jitter comes from: [0, 1). @default {Math.random} */
  readonly random?: () => number;
}

/**
 * The delay before retry number `attempt`, in milliseconds.
 *
 * @param attempt 1 for the first retry
 * @throws {RangeError} if `attempt` is not a positive integer
 *
 * @example
 * ```ts
 * import { backoffMs } from "./backoff.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(backoffMs(3, { baseMs: 100, random: () => 0 }), 200); // half of 400: the fixed part
 * ```
 */
export function backoffMs(attempt: number, options: BackoffOptions = {}): number {
  const { baseMs = 100, capMs = 10_000, random = Math.random } = options;
  if (!Number.isInteger(attempt) || attempt < 1) {
    throw new RangeError(
      `Cannot back off as 'attempt' must be a positive integer: current value is ${attempt}`,
    );
  }
  const full = Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full / 2 + (full / 2) * random());
}
