/**
 * A clock that a test turns by hand: deadlines, sessions, retention, expiry and timestamps follow it.
 *
 * @module
 */
import type { Clock } from "./state/clock.ts";

/** Stands still until {@linkcode FakeClock.advance}. */
export class FakeClock implements Clock {
  #nowMs = 0;
  readonly #epochAtStartMs: number;
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>();

  constructor(epochAtStartMs = 1_700_000_000_000) {
    this.#epochAtStartMs = epochAtStartMs;
  }

  get timersCount(): number {
    return this.#timers.size;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  epochMs(): number {
    return this.#epochAtStartMs + this.#nowMs;
  }

  schedule(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Lets so many milliseconds pass, and runs the timers that come due, in their order. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    this.#nowMs = untilMs;
  }
}
