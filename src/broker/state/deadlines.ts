/**
 * Many deadlines over one timer. Setting, moving and dropping a deadline costs no timer: the one that is armed fires at
 * the earliest time it was armed for, looks who is due, and is armed again only for those that are left.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

/** Something that becomes due, in one {@linkcode Deadlines} at a time. */
export interface Due {
  /** On {@linkcode Clock.nowMs}; may be moved later at any time. */
  deadlineMs: number;
  /** Where it stands among those that are watched: to be -1 at first, and left alone. */
  dueIndex: number;
  onDeadline(): void;
}

/**
 * See the module. An array whose items know their place, as a Set that is added to and deleted from all the time leaves
 * a chain of old tables behind: it keeps dead items alive until the next full garbage collection.
 */
export class Deadlines implements Disposable {
  readonly #clock: Clock;
  readonly #items: Due[] = [];
  #armedForMs = Infinity;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#items.length;
  }

  /** Watches `item`. Also to be called when its deadline was moved to an earlier time. */
  add(item: Due): void {
    if (item.dueIndex < 0) item.dueIndex = this.#items.push(item) - 1;
    this.#arm(item.deadlineMs);
  }

  /** Stops to watch `item`. @returns whether it was watched */
  delete(item: Due): boolean {
    const { dueIndex } = item;
    if (dueIndex < 0) return false;
    item.dueIndex = -1;
    const last = this.#items.pop();
    if (last !== undefined && last !== item) {
      last.dueIndex = dueIndex;
      this.#items[dueIndex] = last;
    }
    return true;
  }

  [Symbol.dispose](): void {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const item of this.#items.splice(0)) item.dueIndex = -1;
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
    const due = this.#items.filter(({ deadlineMs }) => deadlineMs <= nowMs);
    for (const item of due) {
      // One that came due may have been dropped, or moved later, by another that did before it.
      if (item.deadlineMs <= nowMs && this.delete(item)) item.onDeadline();
    }
    const nextMs = this.#items.reduce((next, { deadlineMs }) => Math.min(next, deadlineMs), Infinity);
    if (nextMs < Infinity) this.#arm(nextMs);
  }
}
