/**
 * The partitions that a member of a group has: where each is read from next, which of its records are unfinished, and
 * which offset is committed.
 *
 * @module
 */
import type { Assignment } from "./assignment.ts";
import type { CommittedOffset } from "./membership.ts";
import type { ReadPartition } from "./node_fetch.ts";
import type { ConsumedRecord } from "./record.ts";
import type { StartingPoint } from "./starting_points.ts";
import { UnfinishedOffsets } from "./unfinished.ts";

interface OwnedPartition {
  readonly reading: ReadPartition;
  readonly unfinished: UnfinishedOffsets;
  /** -1 while nothing is. */
  committed: bigint;
}

/** See the module. */
export class OwnedPartitions {
  #owned = new Map<string, OwnedPartition>();
  #last: OwnedPartition | undefined;

  /** Where each is read from next: who reads moves it on. */
  get reading(): ReadPartition[] {
    return [...this.#owned.values()].map(({ reading }) => reading);
  }

  get assignment(): Assignment {
    const byTopic = Map.groupBy(this.reading, ({ topic }) => topic);
    return new Map([...byTopic].map(([topic, read]) => [topic, read.map(({ partition }) => partition)]));
  }

  /** Has these from now on. What was there before goes on where it is, unless another member was further meanwhile. */
  replace(partitions: readonly StartingPoint[]): void {
    const before = this.#owned;
    this.#last = undefined;
    this.#owned = new Map(partitions.map(({ topic, partition, offset, isCommitted }) => {
      const key = keyOf(topic, partition);
      const kept = before.get(key);
      if (kept !== undefined && kept.reading.offset >= offset) return [key, kept];
      const reading = { topic, partition, offset };
      const committed = isCommitted ? offset : -1n;
      return [key, { reading, unfinished: new UnfinishedOffsets(), committed }];
    }));
  }

  /** The records were read, and are to be finished. */
  begin(records: readonly ConsumedRecord[]): void {
    for (let i = 0; i < records.length; i++) {
      const record = records[i];
      if (record !== undefined) this.#ownerOf(record)?.unfinished.add(record.offset);
    }
  }

  finish(record: ConsumedRecord): void {
    this.#ownerOf(record)?.unfinished.finish(record.offset);
  }

  /** Nobody has taken these: whoever reads their partitions next begins with them. */
  giveBack(records: readonly ConsumedRecord[]): void {
    for (const record of records.toReversed()) {
      const owner = this.#ownerOf(record);
      if (owner?.unfinished.finish(record.offset) === true) owner.reading.offset = record.offset;
    }
  }

  /** The offsets before which all is finished, where they are not committed yet. */
  uncommitted(): CommittedOffset[] {
    const offsets: CommittedOffset[] = [];
    for (const owned of this.#owned.values()) {
      const { topic, partition, offset: next } = owned.reading;
      // The log begins anew, before what was committed of it.
      if (next < owned.committed) owned.committed = -1n;
      const offset = owned.unfinished.lowWatermark(next);
      if (offset > owned.committed) offsets.push({ topic, partition, offset });
    }
    return offsets;
  }

  committed(offsets: readonly CommittedOffset[]): void {
    for (const { topic, partition, offset } of offsets) {
      const owned = this.#owned.get(keyOf(topic, partition));
      if (owned !== undefined) owned.committed = offset;
    }
  }

  /** Most records are of the same partition as the one before. */
  #ownerOf({ topic, partition }: ConsumedRecord): OwnedPartition | undefined {
    const last = this.#last;
    if (last?.reading.partition === partition && last.reading.topic === topic) return last;
    return this.#last = this.#owned.get(keyOf(topic, partition));
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
