/**
 * Says what it is told.
 *
 * @module
 */
import type { Brain } from "./brain.ts";

/** Requests an echo works on at once: it never waits, so this only bounds memory. */
const CONCURRENCY = 64;

/** See the module. */
export function echoBrain(): Brain {
  return {
    concurrency: CONCURRENCY,
    answer: ({ text }) => Promise.resolve(text),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
