/**
 * Trying again what may yet succeed.
 *
 * @module
 */
import { backoffMs, type BackoffOptions } from "../base/backoff.ts";
import { isRetriable } from "../base/errors.ts";
import { sleep } from "../base/stop.ts";

/** Delays between tries: short enough to go unnoticed, long enough not to storm a broker that restarts. */
export const RETRY_BACKOFF: BackoffOptions = { baseMs: 20, capMs: 1_000 };

/**
 * What `attempt` resolves with, tried again while its error is retriable and `withinMs` have not passed.
 *
 * @throws the last error, or the signal's reason
 */
export async function retrying<T>(
  attempt: () => Promise<T>,
  options: { withinMs: number; signal?: AbortSignal | undefined },
): Promise<T> {
  const deadlineMs = performance.now() + options.withinMs;
  for (let tries = 1;; tries++) {
    options.signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      const delayMs = backoffMs(tries, RETRY_BACKOFF);
      if (!isRetriable(error) || performance.now() + delayMs > deadlineMs) throw error;
      await sleep(delayMs, options.signal);
    }
  }
}
