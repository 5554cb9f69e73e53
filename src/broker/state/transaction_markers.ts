/**
 * The end of a transaction, in the partitions that it touched: a marker in each, written once.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import type { Clock } from "./clock.ts";
import type { Partition } from "./partition.ts";
import { StorageError } from "./storage.ts";
import type { Topic } from "./topic.ts";
import type { Topics } from "./topics.ts";
import type { Transaction } from "./transaction.ts";

const log = logger("broker");

/** See the module. */
export class TransactionMarkers {
  readonly #topics: Topics;
  readonly #clock: Clock;

  constructor(topics: Topics, clock: Clock) {
    this.#topics = topics;
    this.#clock = clock;
  }

  /**
   * Writes the markers of a prepared transaction that are missing, as far as the disk takes them. A partition that is not
   * there any more needs none. Nobody is woken yet.
   *
   * @param missing the keys of their partitions; one that is written is taken out
   * @returns the partitions that were written to, by their keys
   */
  write(transaction: Transaction, missing: Set<string>): Map<string, Partition> {
    const { producerId, producerEpoch, state } = transaction;
    const written = new Map<string, Partition>();
    for (const key of [...missing]) {
      const place = this.#find(transaction, key);
      if (place !== undefined) {
        const { topic, partition } = place;
        const isCommit = state === "PrepareCommit";
        if (!this.#end(topic, partition, { producerId, producerEpoch, isCommit })) continue;
        written.set(key, partition);
      }
      missing.delete(key);
    }
    return written;
  }

  /** Which markers of a prepared transaction are not in the logs, as they were found at the start. */
  missing(transaction: Transaction): string[] {
    const { producerId, producerEpoch, isEpochPerTransaction, partitions } = transaction;
    return [...partitions.keys()].filter((key) => {
      const partition = this.#find(transaction, key)?.partition;
      if (partition === undefined) return false;
      if (partition.fault !== undefined || partition.hasOpenTransaction(producerId)) return true;
      // The marker has an epoch of its own, by which it is known; without one there is nothing to mark.
      return isEpochPerTransaction && (partition.producerEpochOf(producerId) ?? -1) < producerEpoch;
    });
  }

  /**
   * Aborts what lies in partitions but is of no transaction that is under way: nobody else would ever end it. There is
   * none after a crash of the process, only where a power loss took lines of the journal that were not synced.
   *
   * @returns lines for the log
   */
  abortOrphans(isUnderWay: (producerId: bigint, topic: string, partition: number) => boolean): string[] {
    const notes: string[] = [];
    for (const topic of this.#topics.all()) {
      for (const partition of topic.partitions) {
        for (const producerId of partition.openProducerIds()) {
          if (isUnderWay(producerId, topic.name, partition.index)) continue;
          const producerEpoch = partition.producerEpochOf(producerId) ?? 0;
          if (!this.#end(topic, partition, { producerId, producerEpoch, isCommit: false })) continue;
          notes.push(
            `${topic.name}-${partition.index}: aborted a transaction of producer ${producerId} that nobody knows`,
          );
        }
      }
    }
    return notes;
  }

  #find(transaction: Transaction, key: string): { topic: Topic; partition: Partition } | undefined {
    const place = transaction.partitions.get(key);
    const topic = place && this.#topics.get(place.topic);
    const partition = place && topic?.partitions[place.partition];
    return topic && partition && { topic, partition };
  }

  #end(topic: Topic, partition: Partition, end: Parameters<Partition["endTransaction"]>[0]): boolean {
    if (partition.fault !== undefined) return false;
    try {
      partition.endTransaction(end, topic.config, this.#clock.epochMs());
      return true;
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      const reason = describeError(error);
      if (partition.isNewFailure(reason)) log.error(`${topic.name}-${partition.index}: ${reason}`);
      return false;
    }
  }
}
