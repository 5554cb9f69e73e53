/**
 * Fetch, v4-18: reads record batches, and waits for them.
 *
 * Behaviour: a long poll without polling: the append wakes it. At least one whole batch is answered when there is one,
 * whatever maxBytes says. A fetch that waits is answered early, with what there is, when another request than a fetch
 * follows it on its connection. What is read is what survives: in fsync mode that is what was synced. Fetch sessions
 * (KIP-227) are Kafka's, also in when one makes room for another. With READ_COMMITTED nothing is behind the last stable
 * offset, and the aborted transactions are told.
 * Not modelled: followers, preferred replicas.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { FetchRequest, FetchResponse } from "../../wire/messages/01_fetch.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";
import type { Due } from "../state/deadlines.ts";
import type { SessionAnswer, WantedPartition } from "../state/fetch_session.ts";
import type { FetchContext } from "../state/fetch_sessions.ts";
import { type Hurried, Later } from "../state/later.ts";
import { LEADER_EPOCH, type Partition } from "../state/partition.ts";
import type { PartitionWaiter } from "../state/partition_waiters.ts";
import { StorageError } from "../state/storage.ts";
import type { Topic } from "../state/topic.ts";

const log = logger("broker");

type Request = Infer<typeof FetchRequest>;
type Response = Input<typeof FetchResponse>;
type TopicResponse = NonNullable<Response["responses"]>[number];
type PartitionResponse = TopicResponse["partitions"][number];

/** What is answered for a partition, and for which. */
interface Answer extends SessionAnswer {
  readonly wanted: WantedPartition;
  readonly response: PartitionResponse;
}

/** From this version on topics come by id. */
const BY_ID_SINCE = 13;
const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;
const NO_RECORDS = new Uint8Array();
const NO_PARTITIONS: readonly Partition[] = [];

export const fetch = defineApi(FetchRequest, FetchResponse, (request, { state, apiVersion }) => {
  const { isolationLevel } = request;
  if (isolationLevel !== READ_UNCOMMITTED && isolationLevel !== READ_COMMITTED) {
    return refused(request, ErrorCode.UNKNOWN_SERVER_ERROR, apiVersion);
  }
  const context = state.fetchSessions.begin({
    sessionId: request.sessionId,
    sessionEpoch: request.sessionEpoch,
    isById: apiVersion >= BY_ID_SINCE,
    wanted: wantedOf(request),
    forgotten: request.forgottenTopicsData,
  });
  if (typeof context === "number") return { errorCode: context, responses: [] };
  const reading = new Reading(request, context, state);
  if (reading.mayWait && reading.isAtEnd()) return reading.wait();
  const answers = reading.read();
  if (reading.isEnough || !reading.mayWait) return respond(context, answers);
  return reading.wait();
});

/** What a request asks for. Of a partition that is named twice the last counts, in the place of the first, as in Kafka. */
function wantedOf({ topics }: Request): WantedPartition[] {
  // As long as it will be: one that grows takes room for 17 at once, and is kept while the fetch waits.
  const wanted = new Array<WantedPartition>(
    topics.reduce((sum, { partitions }) => sum + partitions.length, 0),
  );
  let count = 0;
  for (const { topic, topicId, partitions } of topics) {
    for (const { partition, currentLeaderEpoch, fetchOffset, partitionMaxBytes } of partitions) {
      wanted[count++] = { topic, topicId, partition, currentLeaderEpoch, fetchOffset, partitionMaxBytes };
    }
  }
  if (!isNamedTwice(topics)) return wanted;
  const once = new Map<string, WantedPartition>();
  for (const one of wanted) once.set(`${one.topic} ${one.topicId} ${one.partition}`, one);
  return [...once.values()];
}

/** Whether a topic is, or a partition of one. */
function isNamedTwice(topics: Request["topics"]): boolean {
  if (topics.length > 1) {
    const named = new Set<string>();
    for (const { topic, topicId } of topics) named.add(topic === "" ? topicId : topic);
    if (named.size < topics.length) return true;
  }
  for (const { partitions } of topics) {
    if (partitions.length < 2) continue;
    const named = new Set<number>();
    for (const { partition } of partitions) named.add(partition);
    if (named.size < partitions.length) return true;
  }
  return false;
}

/** The answer to a request that cannot be, as Kafka says it: before ids also for each partition. */
function refused({ sessionId, topics }: Request, errorCode: number, apiVersion: number): Response {
  if (apiVersion >= BY_ID_SINCE) return { errorCode, sessionId, responses: [] };
  const responses = topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition }) => failed(partition, errorCode)),
  }));
  return { errorCode, sessionId, responses };
}

/** The answer: what the session lets through, those of a topic together that stand together. */
function respond(context: FetchContext, all: readonly Answer[]): Response {
  const { sessionId, answers } = context.finish(all);
  const responses: { topic: string; topicId: string; partitions: PartitionResponse[] }[] = [];
  for (const { wanted: { topic, topicId }, response } of answers) {
    const last = responses.at(-1);
    if (last?.topic === topic && last.topicId === topicId) last.partitions.push(response);
    else responses.push({ topic, topicId, partitions: [response] });
  }
  return { sessionId, responses };
}

/** One fetch, for as long as it waits. */
class Reading implements PartitionWaiter, Due, Hurried {
  deadlineMs = 0;
  dueIndex = -1;
  readonly #context: FetchContext;
  readonly #state: BrokerState;
  readonly #isCommittedOnly: boolean;
  readonly #maxWaitMs: number;
  readonly #maxBytes: number;
  /** Never more than may be answered: that would be waited for in vain. */
  readonly #minBytes: number;
  readonly #later = new Later<Response>(this);
  /** Those of the request that are there. */
  #partitions: readonly Partition[] = NO_PARTITIONS;
  #bytes = 0;
  /** Of a partition that is there. One that is not keeps nobody from waiting for the others, as in Kafka. */
  #hasError = false;

  /** The request is not kept: with many who wait, what each keeps is copied by the garbage collector. */
  constructor(request: Request, context: FetchContext, state: BrokerState) {
    this.#context = context;
    this.#state = state;
    this.#isCommittedOnly = request.isolationLevel === READ_COMMITTED;
    this.#maxWaitMs = request.maxWaitMs;
    this.#maxBytes = Math.min(request.maxBytes, state.limits.maxFetchBytes);
    this.#minBytes = Math.min(request.minBytes, this.#maxBytes);
  }

  /** Whether it may wait at all. */
  get mayWait(): boolean {
    return this.#maxWaitMs > 0 && this.#minBytes > 0;
  }

  /** Whether what was read is worth an answer now. */
  get isEnough(): boolean {
    return this.#hasError || this.#partitions.length === 0 || this.#bytes >= this.#minBytes;
  }

  /** Whether it can be seen without reading that there is nothing to read, as for most polls. */
  isAtEnd(): boolean {
    const { wanted: all } = this.#context;
    const partitions = new Array<Partition>(all.length);
    for (let i = 0; i < all.length; i++) {
      const wanted = all[i];
      const partition = wanted && this.#topicOf(wanted)?.partitions[wanted.partition];
      if (wanted === undefined || partition === undefined) return false;
      if (wanted.fetchOffset < this.#limitOf(partition)) return false;
      if (errorOf(partition, wanted) !== ErrorCode.NONE) return false;
      partitions[i] = partition;
    }
    this.#partitions = partitions;
    return partitions.length > 0;
  }

  /** Reads what there is. The records are views, good until the next append. */
  read(): Answer[] {
    this.#bytes = 0;
    this.#hasError = false;
    const partitions: Partition[] = [];
    this.#partitions = partitions;
    return this.#context.wanted.map((wanted) => {
      const topic = this.#topicOf(wanted);
      const partition = topic?.partitions[wanted.partition];
      if (partition === undefined) {
        return { wanted, topicName: topic?.name, response: failed(wanted.partition, this.#whyNone(wanted)) };
      }
      partitions.push(partition);
      const response = this.#readOne(partition, wanted);
      if (response.errorCode !== ErrorCode.NONE) this.#hasError = true;
      this.#bytes += response.records?.length ?? 0;
      return { wanted, topicName: topic?.name, response };
    });
  }

  /** Waits for enough, the deadline, or someone who hurries it. */
  wait(): Later<Response> {
    const { clock, fetchDeadlines, limits } = this.#state;
    for (const partition of this.#partitions) partition.waiters.add(this);
    this.deadlineMs = clock.nowMs() + Math.min(this.#maxWaitMs, limits.maxFetchWaitMs);
    fetchDeadlines.add(this);
    return this.#later;
  }

  onReadable(bytes: number): void {
    // What came may be of a transaction under way, and the end of one may show what came before.
    if (this.#isCommittedOnly && bytes < Infinity) return this.#finishIfStable();
    this.#bytes += bytes;
    // More came than is missing; but how much of it may be read is only known by reading.
    if (this.#bytes >= this.#minBytes) this.#finish();
  }

  onDeadline(): void {
    this.#finish();
  }

  hurry(): void {
    this.#finish();
  }

  #finishIfStable(): void {
    const isStable = this.#context.wanted.some((wanted) => {
      const partition = this.#topicOf(wanted)?.partitions[wanted.partition];
      return partition !== undefined && wanted.fetchOffset < partition.lastStableOffset;
    });
    if (isStable) this.#finish();
  }

  #finish(): void {
    if (this.#later.isCompleted) return;
    for (const partition of this.#partitions) partition.waiters.remove(this);
    this.#state.fetchDeadlines.delete(this);
    this.#later.complete(this.#answer());
  }

  /** It may be a producer's request that ends the wait: a fault of ours in reading is not its, and is answered here. */
  #answer(): Response {
    try {
      return respond(this.#context, this.read());
    } catch (error) {
      log.error("A fault of ours in a fetch that waited: {error}", { error });
      return { errorCode: ErrorCode.UNKNOWN_SERVER_ERROR, responses: [] };
    }
  }

  /** The offset that is not read any more. */
  #limitOf(partition: Partition): bigint {
    return this.#isCommittedOnly ? partition.lastStableOffset : partition.highWatermark;
  }

  #topicOf({ topic, topicId }: WantedPartition): Topic | undefined {
    const { topics } = this.#state;
    return this.#context.isById ? topics.byId(topicId) : topics.get(topic);
  }

  #whyNone(wanted: WantedPartition): number {
    if (!this.#context.isById || this.#topicOf(wanted) !== undefined) {
      return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    }
    const formerName = this.#context.topicNameOf(wanted);
    if (formerName === undefined) return ErrorCode.UNKNOWN_TOPIC_ID;
    const isAnother = this.#state.topics.get(formerName) !== undefined;
    return isAnother ? ErrorCode.INCONSISTENT_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  }

  #readOne(partition: Partition, wanted: WantedPartition): PartitionResponse {
    const { index, log: stored, highWatermark, lastStableOffset } = partition;
    const { fetchOffset } = wanted;
    const errorCode = errorOf(partition, wanted);
    if (errorCode !== ErrorCode.NONE) return unread(index, errorCode);
    const left = Math.max(0, Math.min(wanted.partitionMaxBytes, this.#maxBytes - this.#bytes));
    try {
      const records = stored.read(fetchOffset, this.#limitOf(partition), left, this.#bytes === 0);
      return {
        partitionIndex: index,
        errorCode: ErrorCode.NONE,
        highWatermark,
        lastStableOffset,
        logStartOffset: stored.startOffset,
        abortedTransactions: this.#isCommittedOnly ? partition.abortedAmong(fetchOffset, records) : null,
        records,
      };
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (partition.failed(error)) log.error(describeError(error));
      return unread(index, ErrorCode.KAFKA_STORAGE_ERROR);
    }
  }
}

/** What keeps a partition from being read where it is wanted. */
function errorOf(partition: Partition, { fetchOffset, currentLeaderEpoch }: WantedPartition): number {
  if (partition.fault !== undefined) return ErrorCode.KAFKA_STORAGE_ERROR;
  if (currentLeaderEpoch > LEADER_EPOCH) return ErrorCode.UNKNOWN_LEADER_EPOCH;
  const isInRange = fetchOffset >= partition.log.startOffset && fetchOffset <= partition.highWatermark;
  return isInRange ? ErrorCode.NONE : ErrorCode.OFFSET_OUT_OF_RANGE;
}

/** Of a partition that is there, as Kafka tells it. */
function unread(partitionIndex: number, errorCode: number): PartitionResponse {
  return { ...failed(partitionIndex, errorCode), abortedTransactions: null };
}

function failed(partitionIndex: number, errorCode: number): PartitionResponse {
  return { partitionIndex, errorCode, highWatermark: -1n, records: NO_RECORDS };
}
