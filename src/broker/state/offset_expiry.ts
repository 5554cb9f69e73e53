/**
 * Forgets committed offsets that nobody needs any more, now and then, and groups that are empty and have none. Kafka's
 * rules: those of a group count from when it became empty; those of a topic that a group in use is not subscribed to,
 * and those of a group that never had members, from their commit; or from a time that the commit gave itself.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import type { Clock } from "./clock.ts";
import type { CommittedOffset } from "./committed_offset.ts";
import type { CommittedOffsets } from "./committed_offsets.ts";
import type { Group } from "./group.ts";
import type { Groups } from "./groups.ts";

const log = logger("broker");

/** What is looked at, and when; times in milliseconds. */
export interface OffsetExpiryOptions {
  readonly groups: Groups;
  readonly offsets: CommittedOffsets;
  readonly clock: Clock;
  readonly retentionMs: number;
  readonly intervalMs: number;
}

/** See the module. */
export class OffsetExpiry implements Disposable {
  readonly #options: OffsetExpiryOptions;
  #cancel: (() => void) | undefined;

  constructor(options: OffsetExpiryOptions) {
    this.#options = options;
  }

  /** Goes over all groups each interval. */
  start(): void {
    const { clock, intervalMs } = this.#options;
    this.#cancel = clock.schedule(intervalMs, () => {
      this.run();
      this.start();
    });
  }

  /** Goes over all groups once. */
  run(): void {
    const { groups } = this.#options;
    try {
      for (const group of [...groups.all()]) {
        this.#expire(group);
        if (groups.isUnused(group)) groups.delete(group.groupId);
      }
    } catch (error) {
      log.error(`Cannot let committed offsets expire: ${describeError(error)}`);
    }
  }

  [Symbol.dispose](): void {
    this.#cancel?.();
  }

  #expire(group: Group): void {
    const { offsets, clock, retentionMs } = this.#options;
    const nowMs = clock.epochMs();
    const sinceMs = expiresSince(group);
    const subscribed = group.subscribedTopics();
    if (sinceMs === undefined || subscribed === undefined) return;
    const expired: { topic: string; partition: number }[] = [];
    for (const [topic, partitions] of offsets.ofGroup(group.groupId) ?? []) {
      if (subscribed.has(topic)) continue;
      for (const [partition, committed] of partitions) {
        const expiresAtMs = committed.expiresAtMs ?? sinceMs(committed) + retentionMs;
        if (nowMs >= expiresAtMs && !offsets.hasPending(group.groupId, topic, partition)) {
          expired.push({ topic, partition });
        }
      }
    }
    offsets.delete(group.groupId, expired);
  }
}

/** From when the time of a group's offsets counts, undefined when none of them expire now. */
function expiresSince(group: Group): ((committed: CommittedOffset) => number) | undefined {
  const sinceCommit = ({ committedAtMs }: CommittedOffset) => committedAtMs;
  if (group.protocolType === null) return sinceCommit;
  const { emptySinceMs } = group;
  if (group.state === "Empty") return emptySinceMs === undefined ? sinceCommit : () => emptySinceMs;
  return group.state === "Stable" && group.isOfConsumers ? sinceCommit : undefined;
}
