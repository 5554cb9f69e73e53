/**
 * Fetch, v4-18: reads record batches, and waits for them.
 *
 * Behaviour: a long poll without polling: the append wakes it. At least one whole batch is answered when there is one,
 * whatever maxBytes says. A fetch that waits is answered early, with what there is, when another request than a fetch
 * follows it on its connection. What is read is what survives: in fsync mode that is what was synced.
 * Not modelled: fetch sessions (declined: sessionId 0), followers, preferred replicas, transactions (all is committed).
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { FetchRequest, FetchResponse } from "../../wire/messages/01_fetch.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { defineApi, type RequestContext } from "../api.ts";
import type { Due } from "../state/deadlines.ts";
import type { BrokerState } from "../state/broker_state.ts";
import { Later } from "../state/later.ts";
import { LEADER_EPOCH, type Partition, type PartitionWaiter } from "../state/partition.ts";
import { StorageError } from "../state/storage.ts";

const log = logger("broker");

type Request = Infer<typeof FetchRequest>;
type RequestPartition = Request["topics"][number]["partitions"][number];
type Response = Input<typeof FetchResponse>;
type PartitionResponse = NonNullable<Response["responses"]>[number]["partitions"][number];

/** From this version on topics come by id. */
const BY_ID_SINCE = 13;
const READ_COMMITTED = 1;
const NO_RECORDS = new Uint8Array();

export const fetch = defineApi(FetchRequest, FetchResponse, (request, context) => {
  if (request.sessionId !== 0) return { errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND, responses: [] };
  const reading = new Reading(request, context);
  if (request.maxWaitMs > 0 && reading.isAtEnd()) return reading.wait();
  const first = reading.read();
  if (reading.isEnough || request.maxWaitMs <= 0) return first;
  return reading.wait();
});

/** One fetch, for as long as it waits. */
class Reading implements PartitionWaiter, Due {
  deadlineMs = 0;
  dueIndex = -1;
  readonly #request: Request;
  readonly #state: BrokerState;
  readonly #isById: boolean;
  readonly #later = new Later<Response>();
  /** Those of the request that are there. */
  #partitions: Partition[] = [];
  #bytes = 0;
  #hasError = false;

  constructor(request: Request, { state, apiVersion }: RequestContext) {
    this.#request = request;
    this.#state = state;
    this.#isById = apiVersion >= BY_ID_SINCE;
  }

  /** Whether what was read is worth an answer now. */
  get isEnough(): boolean {
    return this.#hasError || this.#bytes >= this.#request.minBytes;
  }

  /** Whether it can be seen without reading that there is nothing to read, as for most polls. */
  isAtEnd(): boolean {
    for (const { topic, topicId, partitions } of this.#request.topics) {
      for (const wanted of partitions) {
        const partition = this.#find(topic, topicId, wanted.partition);
        if (partition === undefined || wanted.fetchOffset !== partition.highWatermark) return false;
        if (errorOf(partition, wanted) !== ErrorCode.NONE) return false;
        this.#partitions.push(partition);
      }
    }
    return true;
  }

  /** Reads what there is. The records are views, good until the next append. */
  read(): Response {
    this.#bytes = 0;
    this.#hasError = false;
    this.#partitions = [];
    const maxBytes = Math.min(this.#request.maxBytes, this.#state.limits.maxFetchBytes);
    const responses = this.#request.topics.map(({ topic, topicId, partitions }) => ({
      topic,
      topicId,
      partitions: partitions.map((wanted) => {
        const partition = this.#find(topic, topicId, wanted.partition);
        if (partition !== undefined) this.#partitions.push(partition);
        const answer = partition === undefined
          ? this.#unknown(topicId, wanted)
          : this.#readOne(partition, wanted, maxBytes);
        if (answer.errorCode !== ErrorCode.NONE) this.#hasError = true;
        this.#bytes += answer.records?.length ?? 0;
        return answer;
      }),
    }));
    return { responses };
  }

  /** Waits for enough, the deadline, or someone who hurries it. */
  wait(): Later<Response> {
    const { clock, fetchDeadlines, limits } = this.#state;
    for (const partition of this.#partitions) partition.addWaiter(this);
    this.deadlineMs = clock.nowMs() + Math.min(this.#request.maxWaitMs, limits.maxFetchWaitMs);
    fetchDeadlines.add(this);
    this.#later.hurry = () => this.#finish();
    return this.#later;
  }

  onReadable(bytes: number): void {
    this.#bytes += bytes;
    // More came than is missing; but how much of it may be read is only known by reading.
    if (this.#bytes >= this.#request.minBytes) this.#finish();
  }

  onDeadline(): void {
    this.#finish();
  }

  #finish(): void {
    if (this.#later.isCompleted) return;
    for (const partition of this.#partitions) partition.removeWaiter(this);
    this.#state.fetchDeadlines.delete(this);
    this.#later.complete(this.read());
  }

  #find(name: string, topicId: string, index: number): Partition | undefined {
    const { topics } = this.#state;
    return (this.#isById ? topics.byId(topicId) : topics.get(name))?.partitions[index];
  }

  #unknown(topicId: string, { partition }: RequestPartition): PartitionResponse {
    const isTopicUnknown = this.#isById && this.#state.topics.byId(topicId) === undefined;
    return failed(
      partition,
      isTopicUnknown ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
  }

  #readOne(partition: Partition, wanted: RequestPartition, maxBytes: number): PartitionResponse {
    const { index, log: records, highWatermark } = partition;
    const errorCode = errorOf(partition, wanted);
    if (errorCode !== ErrorCode.NONE && errorCode !== ErrorCode.OFFSET_OUT_OF_RANGE) {
      return failed(index, errorCode);
    }
    const left = Math.max(0, Math.min(wanted.partitionMaxBytes, maxBytes - this.#bytes));
    try {
      return {
        partitionIndex: index,
        errorCode,
        highWatermark,
        lastStableOffset: highWatermark,
        logStartOffset: records.startOffset,
        abortedTransactions: this.#request.isolationLevel === READ_COMMITTED ? [] : null,
        records: errorCode === ErrorCode.NONE
          ? records.read(wanted.fetchOffset, highWatermark, left, this.#bytes === 0)
          : NO_RECORDS,
      };
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      const reason = describeError(error);
      if (partition.isNewFailure(reason)) log.error(reason);
      return failed(index, ErrorCode.KAFKA_STORAGE_ERROR);
    }
  }
}

/** What keeps a partition from being read where it is wanted. */
function errorOf(partition: Partition, { fetchOffset, currentLeaderEpoch }: RequestPartition): number {
  if (partition.fault !== undefined) return ErrorCode.KAFKA_STORAGE_ERROR;
  if (currentLeaderEpoch > LEADER_EPOCH) return ErrorCode.UNKNOWN_LEADER_EPOCH;
  const isInRange = fetchOffset >= partition.log.startOffset && fetchOffset <= partition.highWatermark;
  return isInRange ? ErrorCode.NONE : ErrorCode.OFFSET_OUT_OF_RANGE;
}

function failed(partitionIndex: number, errorCode: number): PartitionResponse {
  return { partitionIndex, errorCode, highWatermark: -1n, records: NO_RECORDS };
}
