/**
 * Many deadlines over one timer. Setting, moving and dropping a deadline costs no timer: the one that is armed fires at
 * the earliest time it was armed for, looks who is due, and is armed again only for those that are left.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

/** Something that becomes due. `deadlineMs` is on {@linkcode Clock.nowMs} and may be moved later at any time. */
export interface Due {
  deadlineMs: number;
  onDeadline(): void;
}

/** See the module. */
export class Deadlines implements Disposable {
  readonly #clock: Clock;
  readonly #items = new Set<Due>();
  #armedForMs = Infinity;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#items.size;
  }

  /** Watches `item`. Also to be called when its deadline was moved to an earlier time. */
  add(item: Due): void {
    this.#items.add(item);
    this.#arm(item.deadlineMs);
  }

  delete(item: Due): void {
    this.#items.delete(item);
  }

  [Symbol.dispose](): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#items.clear();
  }

  #arm(atMs: number): void {
    if (atMs >= this.#armedForMs) return;
    this.#cancel?.();
    this.#armedForMs = atMs;
    this.#cancel = this.#clock.schedule(atMs - this.#clock.nowMs(), () => this.#fire());
  }

  #fire(): void {
    this.#cancel = undefined;
    this.#armedForMs = Infinity;
    const nowMs = this.#clock.nowMs();
    let nextMs = Infinity;
    const due: Due[] = [];
    for (const item of this.#items) {
      if (item.deadlineMs <= nowMs) due.push(item);
      else if (item.deadlineMs < nextMs) nextMs = item.deadlineMs;
    }
    for (const item of due) {
      // One that came due may have been dropped by another that did before it.
      if (this.#items.delete(item)) item.onDeadline();
    }
    if (nextMs < Infinity) this.#arm(nextMs);
  }
}
