/**
 * How far each group has come, kept in a journal; and what transactions that are under way have yet to say about it.
 *
 * @module
 */
import {
  changeOf,
  type CommitLine,
  committedOf,
  type CommittedOffset,
  keyOf,
  lineOf,
  type OffsetCommit,
  parseKey,
  parseLine,
} from "./committed_offset.ts";
import { type Change, Journal } from "./journal.ts";
import { type StagedKey, StagedOffsets } from "./staged_offsets.ts";
import type { Storage } from "./storage.ts";

const PATH = "journals/offsets.log";

type ByPartition = Map<number, CommittedOffset>;
type ByTopic = Map<string, ByPartition>;

/** See the module. */
export class CommittedOffsets {
  readonly #journal: Journal<CommitLine>;
  readonly #groups = new Map<string, ByTopic>();
  /** The groups that have offsets for a topic. */
  readonly #groupsOf = new Map<string, Set<string>>();
  /** What transactions under way commit. */
  readonly #staged = new StagedOffsets();
  readonly #onGroup: (groupId: string) => void;
  #size = 0;

  /**
   * @param onGroup a group has offsets, or is about to
   * @throws {StorageError}
   */
  constructor(storage: Storage, onGroup: (groupId: string) => void = () => {}) {
    this.#journal = new Journal(storage, PATH);
    this.#onGroup = onGroup;
  }

  /** Reads what was committed before. @returns notes for the log @throws {StorageError} */
  open(): string[] {
    return this.#journal.replay(parseLine, ([key, value]) => {
      const { groupId, topic, partition, producerId } = parseKey(key);
      if (value === null) {
        if (producerId !== undefined) this.#staged.delete(producerId, key);
        else this.#forget(groupId, topic, partition);
        return;
      }
      const commit = { topic, partition, ...committedOf(value) };
      if (producerId === undefined) this.#remember(groupId, commit);
      else this.#staged.set(producerId, key, { groupId, commit });
    });
  }

  /** Committed offsets over all groups, those that transactions under way have staged among them. */
  get size(): number {
    return this.#size + this.#staged.size;
  }

  /** All groups that have offsets, or are about to. */
  groupIds(): ReadonlySet<string> {
    return new Set([...this.#groups.keys(), ...this.#staged.groupIds()]);
  }

  /** Whether a group has offsets, or is about to. */
  hasGroup(groupId: string): boolean {
    return this.#groups.has(groupId) || this.#staged.hasGroup(groupId);
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
    if (commits.length === 0) return;
    // What a transaction staged before is older than this, whatever becomes of the transaction.
    const overtaken = commits.flatMap(({ topic, partition }) =>
      this.#staged.keysFor(groupId, topic, partition)
    );
    this.#journal.append([
      ...commits.map((commit) => changeOf(groupId, commit.topic, commit.partition, commit)),
      ...overtaken.map(([, key]): Change<CommitLine> => [key, null]),
    ]);
    this.#onGroup(groupId);
    for (const commit of commits) this.#remember(groupId, commit);
    for (const [producerId, key] of overtaken) this.#staged.delete(producerId, key);
    this.#journal.compact(this.size, () => this.#changes());
  }

  /** Keeps what a transaction commits for a group, until {@linkcode finish}. @throws {StorageError} nothing was kept */
  stage(groupId: string, producerId: bigint, commits: readonly OffsetCommit[]): void {
    if (commits.length === 0) return;
    const keys = commits.map(({ topic, partition }) => keyOf(groupId, topic, partition, producerId));
    this.#journal.append(commits.map((commit, i): Change<CommitLine> => [keys[i] ?? "", lineOf(commit)]));
    this.#onGroup(groupId);
    for (const [i, commit] of commits.entries()) {
      this.#staged.set(producerId, keys[i] ?? "", { groupId, commit });
    }
  }

  /**
   * Ends what a producer's transaction has staged: it is committed, or forgotten. Done once more it does nothing.
   *
   * @throws {StorageError} nothing was changed
   */
  finish(producerId: bigint, isCommit: boolean): void {
    const staged = this.#staged.ofProducer(producerId);
    if (staged.length === 0) return;
    const kept = isCommit ? staged.map(([, one]) => one) : [];
    this.#journal.append([
      ...kept.map(({ groupId, commit }) => changeOf(groupId, commit.topic, commit.partition, commit)),
      ...staged.map(([key]): Change<CommitLine> => [key, null]),
    ]);
    for (const { groupId, commit } of kept) this.#remember(groupId, commit);
    for (const [key] of staged) this.#staged.delete(producerId, key);
    this.#journal.compact(this.size, () => this.#changes());
  }

  /** Whether a transaction under way has a commit for this partition. */
  hasPending(groupId: string, topic: string, partition: number): boolean {
    return this.#staged.keysFor(groupId, topic, partition).length > 0;
  }

  /** Forgets what a group committed for partitions. @throws {StorageError} */
  delete(groupId: string, partitions: readonly { topic: string; partition: number }[]): void {
    const isThere = ({ topic, partition }: { topic: string; partition: number }) =>
      this.get(groupId, topic, partition) !== undefined;
    this.#delete(
      partitions.filter(isThere).map(({ topic, partition }): Key => [groupId, topic, partition]),
      [],
    );
  }

  /** Forgets all that a group committed. @throws {StorageError} */
  deleteGroup(groupId: string): void {
    this.#delete(
      this.#keysOf(groupId, this.#groups.get(groupId)?.keys() ?? []),
      this.#staged.keysWhere((staged) => staged.groupId === groupId),
    );
  }

  /** Forgets what all groups committed for a topic. @throws {StorageError} */
  deleteTopic(topic: string): void {
    this.#delete(
      [...this.#groupsOf.get(topic) ?? []].flatMap((groupId) => this.#keysOf(groupId, [topic])),
      this.#staged.keysWhere((staged) => staged.commit.topic === topic),
    );
  }

  sync(): Promise<void> {
    return this.#journal.sync();
  }

  #delete(keys: readonly Key[], staged: readonly StagedKey[]): void {
    this.#journal.append([
      ...keys.map((key) => changeOf(...key, null)),
      ...staged.map(([, key]): Change<CommitLine> => [key, null]),
    ]);
    for (const key of keys) this.#forget(...key);
    for (const [producerId, key] of staged) this.#staged.delete(producerId, key);
    this.#journal.compact(this.size, () => this.#changes());
  }

  #remember(groupId: string, { topic, partition, ...committed }: OffsetCommit): void {
    let topics = this.#groups.get(groupId);
    if (topics === undefined) this.#groups.set(groupId, topics = new Map());
    let partitions = topics.get(topic);
    if (partitions === undefined) {
      topics.set(topic, partitions = new Map());
      const groupIds = this.#groupsOf.get(topic);
      if (groupIds === undefined) this.#groupsOf.set(topic, new Set([groupId]));
      else groupIds.add(groupId);
    }
    if (!partitions.has(partition)) this.#size++;
    partitions.set(partition, committed);
  }

  #forget(groupId: string, topic: string, partition: number): void {
    const topics = this.#groups.get(groupId);
    const partitions = topics?.get(topic);
    if (topics === undefined || partitions === undefined || !partitions.delete(partition)) return;
    this.#size--;
    if (partitions.size === 0) {
      topics.delete(topic);
      const groupIds = this.#groupsOf.get(topic);
      groupIds?.delete(groupId);
      if (groupIds?.size === 0) this.#groupsOf.delete(topic);
    }
    if (topics.size === 0) this.#groups.delete(groupId);
  }

  #keysOf(groupId: string, topics: Iterable<string>): Key[] {
    return [...topics].flatMap((topic) =>
      [...this.#groups.get(groupId)?.get(topic)?.keys() ?? []]
        .map((partition): Key => [groupId, topic, partition])
    );
  }

  *#changes(): Iterable<Change<CommitLine>> {
    for (const [groupId, topics] of this.#groups) {
      for (const [topic, partitions] of topics) {
        for (const [partition, committed] of partitions) yield changeOf(groupId, topic, partition, committed);
      }
    }
    for (const [key, { commit }] of this.#staged.all()) yield [key, lineOf(commit)];
  }
}

type Key = readonly [groupId: string, topic: string, partition: number];
