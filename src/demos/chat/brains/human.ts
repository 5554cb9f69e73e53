/**
 * Has the person at the keyboard answer: a question waits, in the order of its coming, for a line that is typed, until
 * its deadline. This is the worker's side; the lines come from the main thread.
 *
 * @module
 */
import { untilAborted } from "../../../base/stop.ts";
import type { Brain } from "./brain.ts";

/** Questions that may wait for one person. */
const CONCURRENCY = 64;

/** See the module. */
export class HumanBrain implements Brain {
  readonly concurrency = CONCURRENCY;
  readonly #waiting = new Map<string, (text: string) => void>();

  /** The person has typed the answer to question `id`. @returns whether anybody was still waiting for it */
  answered(id: string, text: string): boolean {
    const resolve = this.#waiting.get(id);
    resolve?.(text);
    return resolve !== undefined;
  }

  async answer({ id, deadlineMs }: { id: string; deadlineMs: number | undefined }, signal: AbortSignal) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#waiting.set(id, resolve);
    const remainingMs = deadlineMs === undefined ? undefined : Math.max(0, deadlineMs - Date.now());
    const limit = remainingMs === undefined
      ? signal
      : AbortSignal.any([signal, AbortSignal.timeout(remainingMs)]);
    try {
      return await untilAborted(promise, limit);
    } catch {
      throw new Error("Nobody at the keyboard answered in time");
    } finally {
      this.#waiting.delete(id);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
