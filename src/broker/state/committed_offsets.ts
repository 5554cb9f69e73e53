/**
 * How far each group has come, kept in a journal.
 *
 * @module
 */
import { type Change, Journal } from "./journal.ts";
import type { Storage } from "./storage.ts";

const PATH = "journals/offsets.log";

/** What a group committed for a partition. */
export interface CommittedOffset {
  readonly offset: bigint;
  readonly leaderEpoch: number;
  readonly metadata: string;
  readonly committedAtMs: number;
}

/** A commit of one partition. */
export interface OffsetCommit extends CommittedOffset {
  readonly topic: string;
  readonly partition: number;
}

/** As the journal has it: offset in decimal, leader epoch, metadata, epoch milliseconds. */
type Line = readonly [offset: string, leaderEpoch: number, metadata: string, committedAtMs: number];
type ByPartition = Map<number, CommittedOffset>;
type ByTopic = Map<string, ByPartition>;

/** See the module. */
export class CommittedOffsets {
  readonly #journal: Journal<Line>;
  readonly #groups = new Map<string, ByTopic>();
  #size = 0;

  /** @throws {StorageError} */
  constructor(storage: Storage) {
    this.#journal = new Journal(storage, PATH);
  }

  /** Reads what was committed before. @returns notes for the log @throws {StorageError} */
  open(): string[] {
    return this.#journal.replay(parseLine, ([key, value]) => {
      const [groupId, topic, partition] = parseKey(key);
      if (value === null) return this.#forget(groupId, topic, partition);
      const [offset, leaderEpoch, metadata, committedAtMs] = value;
      this.#remember(groupId, {
        topic,
        partition,
        offset: BigInt(offset),
        leaderEpoch,
        metadata,
        committedAtMs,
      });
    });
  }

  /** Committed offsets over all groups. */
  get size(): number {
    return this.#size;
  }

  groupIds(): Iterable<string> {
    return this.#groups.keys();
  }

  /** All that a group committed, by topic and partition; undefined when it never did. */
  ofGroup(groupId: string): ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>> | undefined {
    return this.#groups.get(groupId);
  }

  get(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#groups.get(groupId)?.get(topic)?.get(partition);
  }

  /** Keeps a group's commits. @throws {StorageError} nothing was kept */
  commit(groupId: string, commits: readonly OffsetCommit[]): void {
    this.#journal.append(commits.map((commit) => change(groupId, commit.topic, commit.partition, commit)));
    for (const commit of commits) this.#remember(groupId, commit);
    this.#journal.compact(this.#size, () => this.#changes());
  }

  /** Forgets all that a group committed. @throws {StorageError} */
  deleteGroup(groupId: string): void {
    this.#delete([...this.#keys()].filter(([id]) => id === groupId));
  }

  /** Forgets what all groups committed for a topic. @throws {StorageError} */
  deleteTopic(topic: string): void {
    this.#delete([...this.#keys()].filter(([, name]) => name === topic));
  }

  sync(): Promise<void> {
    return this.#journal.sync();
  }

  #delete(keys: readonly Key[]): void {
    this.#journal.append(keys.map((key) => change(...key, null)));
    for (const key of keys) this.#forget(...key);
  }

  #remember(
    groupId: string,
    { topic, partition, offset, leaderEpoch, metadata, committedAtMs }: OffsetCommit,
  ): void {
    let topics = this.#groups.get(groupId);
    if (topics === undefined) this.#groups.set(groupId, topics = new Map());
    let partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, partitions = new Map());
    if (!partitions.has(partition)) this.#size++;
    partitions.set(partition, { offset, leaderEpoch, metadata, committedAtMs });
  }

  #forget(groupId: string, topic: string, partition: number): void {
    const topics = this.#groups.get(groupId);
    const partitions = topics?.get(topic);
    if (topics === undefined || partitions === undefined || !partitions.delete(partition)) return;
    this.#size--;
    if (partitions.size === 0) topics.delete(topic);
    if (topics.size === 0) this.#groups.delete(groupId);
  }

  *#keys(): Iterable<Key> {
    for (const [groupId, topics] of this.#groups) {
      for (const [topic, partitions] of topics) {
        for (const partition of partitions.keys()) yield [groupId, topic, partition];
      }
    }
  }

  *#changes(): Iterable<Change<Line>> {
    for (const [groupId, topics] of this.#groups) {
      for (const [topic, partitions] of topics) {
        for (const [partition, committed] of partitions) yield change(groupId, topic, partition, committed);
      }
    }
  }
}

type Key = readonly [groupId: string, topic: string, partition: number];

function change(
  groupId: string,
  topic: string,
  partition: number,
  committed: CommittedOffset | null,
): Change<Line> {
  const key = JSON.stringify([groupId, topic, partition]);
  if (committed === null) return [key, null];
  const { offset, leaderEpoch, metadata, committedAtMs } = committed;
  return [key, [`${offset}`, leaderEpoch, metadata, committedAtMs]];
}

function parseKey(text: string): Key {
  const key: unknown = JSON.parse(text);
  if (!Array.isArray(key)) throw new TypeError(`Cannot read the key of a committed offset: '${text}'`);
  return [String(key[0]), String(key[1]), Number(key[2])];
}

function parseLine(value: unknown): Line | undefined {
  if (!Array.isArray(value) || !/^-?\d+$/.test(String(value[0]))) return undefined;
  return [String(value[0]), Number(value[1]), String(value[2]), Number(value[3])];
}
