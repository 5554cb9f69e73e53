/**
 * One fetch session (KIP-227): the partitions of a consumer, and what it was last told of each.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";

const MAX_EPOCH = 0x7fff_ffff;
const UNKNOWN_OFFSET = -1n;

/** A partition as a fetch asks for it. */
export interface WantedPartition {
  /** Empty where topics come by id. */
  readonly topic: string;
  /** Zero where topics come by name. */
  readonly topicId: string;
  readonly partition: number;
  readonly currentLeaderEpoch: number;
  readonly fetchOffset: bigint;
  readonly partitionMaxBytes: number;
}

/** Partitions that are no longer wanted. */
export interface ForgottenTopic {
  readonly topic: string;
  readonly topicId: string;
  readonly partitions: readonly number[];
}

/** What a session looks at in the answer for a partition. */
export interface SessionAnswer {
  /** Undefined when the topic is not there. */
  readonly topicName: string | undefined;
  readonly response: {
    readonly errorCode: number;
    readonly highWatermark: bigint;
    readonly logStartOffset?: bigint | undefined;
    readonly records: Uint8Array | null;
  };
}

interface Cached {
  wanted: WantedPartition;
  topicName: string | undefined;
  highWatermark: bigint;
  logStartOffset: bigint;
}

/** See the module. */
export class FetchSession {
  readonly id: number;
  readonly isById: boolean;
  readonly createdMs: number;
  lastUsedMs: number;
  /** What the next request must carry. */
  epoch = 1;
  /** By topic and partition. */
  readonly #topics = new Map<string, Map<number, Cached>>();
  #wanted: readonly WantedPartition[] = [];
  #size = 0;

  constructor(id: number, isById: boolean, nowMs: number) {
    this.id = id;
    this.isById = isById;
    this.createdMs = this.lastUsedMs = nowMs;
  }

  /** Partitions. */
  get size(): number {
    return this.#size;
  }

  /** All partitions, those that gave records last at the end. Never changed: another array takes its place. */
  get wanted(): readonly WantedPartition[] {
    return this.#wanted;
  }

  use(nowMs: number): void {
    this.lastUsedMs = nowMs;
    this.epoch = this.epoch === MAX_EPOCH ? 1 : this.epoch + 1;
  }

  /** Takes in what is wanted now, or otherwise than before, and lets go of what is not; where it is both, it goes. */
  update(wanted: readonly WantedPartition[], forgotten: readonly ForgottenTopic[]): void {
    if (wanted.length === 0 && forgotten.length === 0) return;
    const added: Cached[] = [];
    for (const one of wanted) {
      const known = this.#find(one);
      if (known !== undefined) known.wanted = one;
      else added.push(this.#add(one));
    }
    for (const { topic, topicId, partitions } of forgotten) {
      for (const partition of partitions) this.#forget(this.isById ? topicId : topic, partition);
    }
    const kept = this.#wanted.map((one) => this.#find(one)?.wanted).filter((one) => one !== undefined);
    this.#wanted = [
      ...kept,
      ...added.map((one) => one.wanted).filter((one) => this.#find(one) !== undefined),
    ];
  }

  /** Begins with what is wanted, and was answered. */
  begin(wanted: readonly WantedPartition[], answers: readonly SessionAnswer[]): void {
    this.update(wanted, []);
    for (const [i, one] of wanted.entries()) {
      const [cached, answer] = [this.#find(one), answers[i]];
      if (cached !== undefined && answer !== undefined) tell(cached, answer);
    }
  }

  /**
   * Of the answers to {@linkcode FetchSession.wanted}, in its order, those that tell the consumer something. They are
   * remembered as told; who got records comes last the next time, so that none starves behind another.
   */
  changed<A extends SessionAnswer>(wanted: readonly WantedPartition[], answers: readonly A[]): readonly A[] {
    const served = new Set<Cached>();
    const changed = answers.filter((answer, i) => {
      const one = wanted[i];
      const cached = one && this.#find(one);
      if (cached === undefined) return true;
      const hasRecords = (answer.response.records?.length ?? 0) > 0;
      if (hasRecords) served.add(cached);
      return tell(cached, answer) || hasRecords;
    });
    if (served.size > 0 && served.size < this.#size) this.#moveBack(served);
    return changed;
  }

  topicNameOf(wanted: WantedPartition): string | undefined {
    return this.#find(wanted)?.topicName;
  }

  #moveBack(served: ReadonlySet<Cached>): void {
    const isServed = (one: WantedPartition) => {
      const cached = this.#find(one);
      return cached !== undefined && served.has(cached);
    };
    this.#wanted = [
      ...this.#wanted.filter((one) => !isServed(one)),
      ...this.#wanted.filter(isServed),
    ];
  }

  #find({ topic, topicId, partition }: WantedPartition): Cached | undefined {
    return this.#topics.get(this.isById ? topicId : topic)?.get(partition);
  }

  #add(wanted: WantedPartition): Cached {
    const key = this.isById ? wanted.topicId : wanted.topic;
    let partitions = this.#topics.get(key);
    if (partitions === undefined) this.#topics.set(key, partitions = new Map());
    const cached = {
      wanted,
      topicName: undefined,
      highWatermark: UNKNOWN_OFFSET,
      logStartOffset: UNKNOWN_OFFSET,
    };
    partitions.set(wanted.partition, cached);
    this.#size++;
    return cached;
  }

  #forget(key: string, partition: number): void {
    const partitions = this.#topics.get(key);
    if (partitions === undefined || !partitions.delete(partition)) return;
    if (partitions.size === 0) this.#topics.delete(key);
    this.#size--;
  }
}

/** Notes what a partition's answer says. @returns whether that is news */
function tell(cached: Cached, { topicName, response }: SessionAnswer): boolean {
  const { errorCode, highWatermark, logStartOffset = UNKNOWN_OFFSET } = response;
  const isNews = highWatermark !== cached.highWatermark || logStartOffset !== cached.logStartOffset ||
    errorCode !== ErrorCode.NONE;
  // An error is told each time, and its end, too.
  cached.highWatermark = errorCode === ErrorCode.NONE ? highWatermark : UNKNOWN_OFFSET;
  cached.logStartOffset = logStartOffset;
  cached.topicName = topicName ?? cached.topicName;
  return isNews;
}
