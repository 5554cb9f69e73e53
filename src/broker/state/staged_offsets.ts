/**
 * What transactions that are under way commit for groups, until they end.
 *
 * @module
 */
import { keyOf, type OffsetCommit } from "./committed_offset.ts";

/** A commit of a transaction that is under way. */
export interface StagedCommit {
  readonly groupId: string;
  readonly commit: OffsetCommit;
}

/** Where a commit is staged: `key` is the journal's. */
export type StagedKey = readonly [producerId: bigint, key: string];

/** See the module. */
export class StagedOffsets {
  /** By producer, and then by the key that the journal has for it. */
  readonly #byProducer = new Map<bigint, Map<string, StagedCommit>>();
  /** How many commits there are for a group. */
  readonly #countOf = new Map<string, number>();
  #size = 0;

  /** Over all producers. */
  get size(): number {
    return this.#size;
  }

  /** The groups that something is staged for. */
  groupIds(): Iterable<string> {
    return this.#countOf.keys();
  }

  hasGroup(groupId: string): boolean {
    return this.#countOf.has(groupId);
  }

  /** All that a producer has staged, by the journal's keys: what it was when this was called. */
  ofProducer(producerId: bigint): (readonly [key: string, staged: StagedCommit])[] {
    return [...this.#byProducer.get(producerId) ?? []];
  }

  /** All that is staged, by the journal's keys. */
  *all(): Iterable<readonly [key: string, staged: StagedCommit]> {
    for (const ofProducer of this.#byProducer.values()) yield* ofProducer;
  }

  set(producerId: bigint, key: string, staged: StagedCommit): void {
    let ofProducer = this.#byProducer.get(producerId);
    if (ofProducer === undefined) this.#byProducer.set(producerId, ofProducer = new Map());
    if (!ofProducer.has(key)) {
      this.#size++;
      this.#countOf.set(staged.groupId, (this.#countOf.get(staged.groupId) ?? 0) + 1);
    }
    ofProducer.set(key, staged);
  }

  delete(producerId: bigint, key: string): void {
    const ofProducer = this.#byProducer.get(producerId);
    const staged = ofProducer?.get(key);
    if (ofProducer === undefined || staged === undefined) return;
    ofProducer.delete(key);
    if (ofProducer.size === 0) this.#byProducer.delete(producerId);
    this.#size--;
    const left = (this.#countOf.get(staged.groupId) ?? 1) - 1;
    if (left > 0) this.#countOf.set(staged.groupId, left);
    else this.#countOf.delete(staged.groupId);
  }

  /** Where a group's commits for a partition are staged: none or one for each producer. */
  keysFor(groupId: string, topic: string, partition: number): StagedKey[] {
    const keys: StagedKey[] = [];
    if (!this.#countOf.has(groupId)) return keys;
    for (const [producerId, ofProducer] of this.#byProducer) {
      const key = keyOf(groupId, topic, partition, producerId);
      if (ofProducer.has(key)) keys.push([producerId, key]);
    }
    return keys;
  }

  /** Where commits are staged that are meant. */
  keysWhere(isMeant: (staged: StagedCommit) => boolean): StagedKey[] {
    if (this.#size === 0) return [];
    return [...this.#byProducer].flatMap(([producerId, ofProducer]) =>
      [...ofProducer].filter(([, staged]) => isMeant(staged)).map(([key]): StagedKey => [producerId, key])
    );
  }
}
