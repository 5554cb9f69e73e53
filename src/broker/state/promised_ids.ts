/**
 * Member ids that were given out and have not joined yet (KIP-394). A group waits for them as it does for its members,
 * until their session ends or their connection does.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { Deadlines, Due } from "./deadlines.ts";
import { type GroupMemory, type JoinGroup, MEMBER_BYTES } from "./group_member.ts";

/** See the module. */
export class PromisedIds {
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #memory: GroupMemory;
  readonly #onExpired: () => void;
  readonly #promises = new Map<string, Due & { readonly connectionId: number }>();

  /** @param onExpired the session of one has ended */
  constructor(clock: Clock, deadlines: Deadlines, memory: GroupMemory, onExpired: () => void) {
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#memory = memory;
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
        this.#forget(memberId);
        this.#onExpired();
      },
    };
    this.#promises.set(memberId, promise);
    this.#memory.heldBytes += MEMBER_BYTES;
    this.#deadlines.add(promise);
  }

  /** Waits for one no more: it has come, or does not want to. @returns whether it was promised */
  take(memberId: string): boolean {
    const promise = this.#promises.get(memberId);
    if (promise === undefined) return false;
    this.#deadlines.delete(promise);
    return this.#forget(memberId);
  }

  connectionClosed(connectionId: number): void {
    for (const [memberId, promise] of this.#promises) {
      if (promise.connectionId === connectionId) this.take(memberId);
    }
  }

  clear(): void {
    for (const memberId of this.#promises.keys()) this.take(memberId);
  }

  #forget(memberId: string): boolean {
    this.#memory.heldBytes -= MEMBER_BYTES;
    return this.#promises.delete(memberId);
  }
}
