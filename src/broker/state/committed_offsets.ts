/**
 * How far each group has come, kept in a journal; and what transactions that are under way have yet to say about it.
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
  /** When it expires, where the commit itself said so. */
  readonly expiresAtMs?: number | undefined;
}

/** A commit of one partition. */
export interface OffsetCommit extends CommittedOffset {
  readonly topic: string;
  readonly partition: number;
}

/** As the journal has it: offset in decimal, leader epoch, metadata, times in epoch milliseconds. */
type Line = readonly [
  offset: string,
  leaderEpoch: number,
  metadata: string,
  committedAtMs: number,
  expiresAtMs?: number,
];
type ByPartition = Map<number, CommittedOffset>;
type ByTopic = Map<string, ByPartition>;

/** A commit of a transaction that is under way. */
interface StagedCommit {
  readonly groupId: string;
  readonly commit: OffsetCommit;
}

/** See the module. */
export class CommittedOffsets {
  readonly #journal: Journal<Line>;
  readonly #groups = new Map<string, ByTopic>();
  /** The groups that have offsets for a topic. */
  readonly #groupsOf = new Map<string, Set<string>>();
  /** By producer, and then by the key that the journal has for it. */
  readonly #staged = new Map<bigint, Map<string, StagedCommit>>();
  /** How many commits are staged for a group. */
  readonly #stagedOf = new Map<string, number>();
  #size = 0;
  #stagedSize = 0;

  readonly #onGroup: (groupId: string) => void;

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
        if (producerId !== undefined) this.#unstage(producerId, key);
        else this.#forget(groupId, topic, partition);
        return;
      }
      const commit = { topic, partition, ...committedOf(value) };
      if (producerId === undefined) this.#remember(groupId, commit);
      else this.#stage(producerId, key, { groupId, commit });
    });
  }

  /** Committed offsets over all groups, those that transactions under way have staged among them. */
  get size(): number {
    return this.#size + this.#stagedSize;
  }

  /** All groups that have offsets, or are about to. */
  groupIds(): ReadonlySet<string> {
    return new Set([...this.#groups.keys(), ...this.#stagedOf.keys()]);
  }

  /** Whether a group has offsets, or is about to. */
  hasGroup(groupId: string): boolean {
    return this.#groups.has(groupId) || this.#stagedOf.has(groupId);
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
    const overtaken = commits.flatMap(({ topic, partition }) => this.#pendingKeys(groupId, topic, partition));
    this.#journal.append([
      ...commits.map((commit) => change(groupId, commit.topic, commit.partition, commit)),
      ...overtaken.map(([, key]): Change<Line> => [key, null]),
    ]);
    this.#onGroup(groupId);
    for (const commit of commits) this.#remember(groupId, commit);
    for (const [producerId, key] of overtaken) this.#unstage(producerId, key);
    this.#journal.compact(this.size, () => this.#changes());
  }

  /** Keeps what a transaction commits for a group, until {@linkcode finish}. @throws {StorageError} nothing was kept */
  stage(groupId: string, producerId: bigint, commits: readonly OffsetCommit[]): void {
    if (commits.length === 0) return;
    const keys = commits.map(({ topic, partition }) => keyOf(groupId, topic, partition, producerId));
    this.#journal.append(commits.map((commit, i): Change<Line> => [keys[i] ?? "", lineOf(commit)]));
    this.#onGroup(groupId);
    for (const [i, commit] of commits.entries()) this.#stage(producerId, keys[i] ?? "", { groupId, commit });
  }

  /**
   * Ends what a producer's transaction has staged: it is committed, or forgotten. Done once more it does nothing.
   *
   * @throws {StorageError} nothing was changed
   */
  finish(producerId: bigint, isCommit: boolean): void {
    const staged = [...this.#staged.get(producerId) ?? []];
    if (staged.length === 0) return;
    const kept = isCommit ? staged.map(([, one]) => one) : [];
    this.#journal.append([
      ...kept.map(({ groupId, commit }) => change(groupId, commit.topic, commit.partition, commit)),
      ...staged.map(([key]): Change<Line> => [key, null]),
    ]);
    for (const { groupId, commit } of kept) this.#remember(groupId, commit);
    for (const [key] of staged) this.#unstage(producerId, key);
    this.#journal.compact(this.size, () => this.#changes());
  }

  /** Whether a transaction under way has a commit for this partition. */
  hasPending(groupId: string, topic: string, partition: number): boolean {
    return this.#pendingKeys(groupId, topic, partition).length > 0;
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
      this.#stagedKeys((staged) => staged.groupId === groupId),
    );
  }

  /** Forgets what all groups committed for a topic. @throws {StorageError} */
  deleteTopic(topic: string): void {
    this.#delete(
      [...this.#groupsOf.get(topic) ?? []].flatMap((groupId) => this.#keysOf(groupId, [topic])),
      this.#stagedKeys((staged) => staged.commit.topic === topic),
    );
  }

  sync(): Promise<void> {
    return this.#journal.sync();
  }

  #delete(keys: readonly Key[], staged: readonly StagedKey[]): void {
    this.#journal.append([
      ...keys.map((key) => change(...key, null)),
      ...staged.map(([, key]): Change<Line> => [key, null]),
    ]);
    for (const key of keys) this.#forget(...key);
    for (const [producerId, key] of staged) this.#unstage(producerId, key);
    this.#journal.compact(this.size, () => this.#changes());
  }

  #stage(producerId: bigint, key: string, staged: StagedCommit): void {
    let ofProducer = this.#staged.get(producerId);
    if (ofProducer === undefined) this.#staged.set(producerId, ofProducer = new Map());
    if (!ofProducer.has(key)) {
      this.#stagedSize++;
      this.#stagedOf.set(staged.groupId, (this.#stagedOf.get(staged.groupId) ?? 0) + 1);
    }
    ofProducer.set(key, staged);
  }

  #unstage(producerId: bigint, key: string): void {
    const ofProducer = this.#staged.get(producerId);
    const staged = ofProducer?.get(key);
    if (ofProducer === undefined || staged === undefined) return;
    ofProducer.delete(key);
    if (ofProducer.size === 0) this.#staged.delete(producerId);
    this.#stagedSize--;
    const left = (this.#stagedOf.get(staged.groupId) ?? 1) - 1;
    if (left > 0) this.#stagedOf.set(staged.groupId, left);
    else this.#stagedOf.delete(staged.groupId);
  }

  #pendingKeys(groupId: string, topic: string, partition: number): StagedKey[] {
    const keys: StagedKey[] = [];
    if (!this.#stagedOf.has(groupId)) return keys;
    for (const [producerId, ofProducer] of this.#staged) {
      const key = keyOf(groupId, topic, partition, producerId);
      if (ofProducer.has(key)) keys.push([producerId, key]);
    }
    return keys;
  }

  #stagedKeys(isMeant: (staged: StagedCommit) => boolean): StagedKey[] {
    if (this.#stagedSize === 0) return [];
    return [...this.#staged].flatMap(([producerId, ofProducer]) =>
      [...ofProducer].filter(([, staged]) => isMeant(staged)).map(([key]): StagedKey => [producerId, key])
    );
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

  *#changes(): Iterable<Change<Line>> {
    for (const [groupId, topics] of this.#groups) {
      for (const [topic, partitions] of topics) {
        for (const [partition, committed] of partitions) yield change(groupId, topic, partition, committed);
      }
    }
    for (const ofProducer of this.#staged.values()) {
      for (const [key, { commit }] of ofProducer) yield [key, lineOf(commit)];
    }
  }
}

type StagedKey = readonly [producerId: bigint, key: string];
type Key = readonly [groupId: string, topic: string, partition: number];

function change(
  groupId: string,
  topic: string,
  partition: number,
  committed: CommittedOffset | null,
): Change<Line> {
  const key = keyOf(groupId, topic, partition);
  return committed === null ? [key, null] : [key, lineOf(committed)];
}

function lineOf({ offset, leaderEpoch, metadata, committedAtMs, expiresAtMs }: CommittedOffset): Line {
  const line = [`${offset}`, leaderEpoch, metadata, committedAtMs] as const;
  return expiresAtMs === undefined ? line : [...line, expiresAtMs];
}

function committedOf([offset, leaderEpoch, metadata, committedAtMs, expiresAtMs]: Line): CommittedOffset {
  const committed = { offset: BigInt(offset), leaderEpoch, metadata, committedAtMs };
  return expiresAtMs === undefined ? committed : { ...committed, expiresAtMs };
}

/** As the journal has it. That of a commit that is only staged ends with the producer's id. */
function keyOf(groupId: string, topic: string, partition: number, producerId?: bigint): string {
  const key = [groupId, topic, partition];
  return JSON.stringify(producerId === undefined ? key : [...key, `${producerId}`]);
}

function parseKey(text: string) {
  const key: unknown = JSON.parse(text);
  if (!Array.isArray(key)) throw new TypeError(`Cannot read the key of a committed offset: '${text}'`);
  const producerId = key[3] === undefined ? undefined : BigInt(String(key[3]));
  return { groupId: String(key[0]), topic: String(key[1]), partition: Number(key[2]), producerId };
}

function parseLine(value: unknown): Line | undefined {
  if (!Array.isArray(value) || !/^-?\d+$/.test(String(value[0]))) return undefined;
  const line = [String(value[0]), Number(value[1]), String(value[2]), Number(value[3])] as const;
  return value[4] === undefined ? line : [...line, Number(value[4])];
}
