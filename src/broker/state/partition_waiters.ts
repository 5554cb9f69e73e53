/**
 * Who waits for the next records of a partition.
 *
 * @module
 */

/** Who waits for records of a partition. */
export interface PartitionWaiter {
  /** So many bytes more can be read. */
  onReadable(bytes: number): void;
}

/** See the module, in no order. */
export class PartitionWaiters {
  readonly #waiters: PartitionWaiter[] = [];

  add(waiter: PartitionWaiter): void {
    this.#waiters.push(waiter);
  }

  remove(waiter: PartitionWaiter): void {
    const at = this.#waiters.indexOf(waiter);
    const last = this.#waiters.length - 1;
    const moved = this.#waiters[last];
    if (at < 0 || moved === undefined) return;
    this.#waiters[at] = moved;
    this.#waiters.length = last;
  }

  /** Tells them that so many bytes more can be read. */
  wake(bytes: number): void {
    // From the end: who is told enough stops to wait, and leaves its place to one that was told before.
    for (let i = this.#waiters.length - 1; i >= 0; i--) this.#waiters[i]?.onReadable(bytes);
  }
}
