/**
 * Member ids that were given out and have not joined yet (KIP-394). A group waits for them as it does for its members,
 * until their session ends or their connection does.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { Deadlines, Due } from "./deadlines.ts";
import type { JoinGroup } from "./group_member.ts";

/** See the module. */
export class PromisedIds {
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #onExpired: () => void;
  readonly #promises = new Map<string, Due & { readonly connectionId: number }>();

  /** @param onExpired the session of one has ended */
  constructor(clock: Clock, deadlines: Deadlines, onExpired: () => void) {
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#onExpired = onExpired;
  }

  get size(): number {
    return this.#promises.size;
  }

  give(memberId: string, { connectionId, sessionTimeoutMs }: JoinGroup): void {
    const promise = {
      connectionId,
      deadlineMs: this.#clock.nowMs() + sessionTimeoutMs,
      dueIndex: -1,
      onDeadline: () => {
        this.#promises.delete(memberId);
        this.#onExpired();
      },
    };
    this.#promises.set(memberId, promise);
    this.#deadlines.add(promise);
  }

  /** Waits for one no more: it has come, or does not want to. @returns whether it was promised */
  take(memberId: string): boolean {
    const promise = this.#promises.get(memberId);
    if (promise === undefined) return false;
    this.#deadlines.delete(promise);
    return this.#promises.delete(memberId);
  }

  connectionClosed(connectionId: number): void {
    for (const [memberId, promise] of this.#promises) {
      if (promise.connectionId === connectionId) this.take(memberId);
    }
  }

  clear(): void {
    for (const promise of this.#promises.values()) this.#deadlines.delete(promise);
    this.#promises.clear();
  }
}
