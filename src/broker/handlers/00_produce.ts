/**
 * Produce, v3-13: appends record batches.
 *
 * Behaviour: one batch of magic 2 per partition, checked by its CRC32C, written before it is acknowledged, with acks 1
 * and -1 alike; acks 0 gets no answer. Idempotent producers: one of the last five batches again is answered with its
 * offset. Transactional records are taken where the transaction is under way; from v12 on they begin it (KIP-890). Who
 * waits in a fetch is answered before the producer is. Of a partition that is named twice each batch is appended and
 * answered; Kafka keeps the last and says nothing of the others.
 * Not modelled: quotas, closing the connection on an error with acks 0.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { ProduceRequest, ProduceResponse } from "../../wire/messages/00_produce.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { defineApi, type RequestContext } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";
import type { Later } from "../state/later.ts";
import type { Partition, TransactionGuard } from "../state/partition.ts";
import { StorageError } from "../state/storage.ts";
import type { Topic } from "../state/topic.ts";
import { admissionOfRecords } from "./transaction_admission.ts";

const log = logger("broker");

type Request = Infer<typeof ProduceRequest>;
type Response = Input<typeof ProduceResponse>;
type PartitionResponse = Response["responses"][number]["partitionResponses"][number];

/** From this version on topics come by id. */
const BY_ID_SINCE = 13;

/** Partitions that took a batch, and how many bytes. */
type Appended = Map<Partition, number>;

export const produce = defineApi(ProduceRequest, ProduceResponse, (request, context) => {
  const { state } = context;
  const appended: Appended = new Map();
  const response = appendAll(request, context, appended);
  if (state.config.fsync && appended.size > 0) {
    const synced = whenSynced(request, state, response, appended);
    return request.acks === 0 ? undefined : synced;
  }
  for (const [partition, bytes] of appended) partition.waiters.wake(bytes);
  return request.acks === 0 ? undefined : response;
});

function appendAll(request: Request, context: RequestContext, appended: Appended): Response {
  const { state, apiVersion } = context;
  const nowMs = state.clock.epochMs();
  const refusal = checkRequest(request);
  const responses = request.topicData.map(({ name, topicId, partitionData }) => {
    const topic = apiVersion >= BY_ID_SINCE ? state.topics.byId(topicId) : state.topics.get(name);
    const unknown = apiVersion >= BY_ID_SINCE
      ? ErrorCode.UNKNOWN_TOPIC_ID
      : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    const partitionResponses = partitionData.map(({ index, records }): PartitionResponse => {
      if (refusal !== undefined) return refused(index, refusal);
      if (topic === undefined) return refused(index, unknown);
      const partition = topic.partitions[index];
      if (partition === undefined) return refused(index, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
      if (records === null || records.length === 0) return refused(index, ErrorCode.INVALID_RECORD);
      const transaction = request.transactionalId === null
        ? undefined
        : admissionOfRecords(context, request.transactionalId, { topic: topic.name, partition: index });
      const answer = append(topic, partition, records, nowMs, transaction);
      if (answer.errorCode === ErrorCode.NONE) {
        appended.set(partition, (appended.get(partition) ?? 0) + records.length);
        state.metrics.appended(records);
      }
      return answer;
    });
    return { name, topicId, partitionResponses };
  });
  return { responses };
}

/** What is wrong with the whole request, undefined when nothing is. */
function checkRequest(request: Request): number | undefined {
  if (request.acks < -1 || request.acks > 1) return ErrorCode.INVALID_REQUIRED_ACKS;
  return undefined;
}

function append(
  topic: Topic,
  partition: Partition,
  records: Uint8Array,
  nowMs: number,
  transaction: TransactionGuard | undefined,
): PartitionResponse {
  const { index } = partition;
  if (partition.fault !== undefined) return refused(index, ErrorCode.KAFKA_STORAGE_ERROR, partition.fault);
  try {
    return { index, ...partition.append(records, topic.config, nowMs, transaction) };
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    const reason = describeError(error);
    if (partition.isNewFailure(reason)) log.error(`${topic.name}-${index}: ${reason}`);
    return refused(index, ErrorCode.KAFKA_STORAGE_ERROR);
  }
}

function refused(index: number, errorCode: number, errorMessage: string | null = null): PartitionResponse {
  return { index, errorCode, baseOffset: -1n, errorMessage };
}

/** The answer once what it says is on the disk. A partition that cannot be synced is not served any more. */
function whenSynced(
  { transactionalId }: Request,
  state: BrokerState,
  response: Response,
  appended: Appended,
): Later<Response> {
  // With the topics and transactions, which must not be less safe than their records.
  const roots = transactionalId === null ? [state.topics] : [state.topics, state.transactions];
  return state.flusher.commit([...roots, ...appended.keys()]).map((faults) => {
    for (const [partition, bytes] of appended) {
      const fault = [partition, ...roots].map((item) => faults.get(item)).find((found) =>
        found !== undefined
      );
      if (fault === undefined) {
        partition.waiters.wake(bytes);
      } else {
        partition.fault = fault;
        log.error(fault);
      }
    }
    if (faults.size === 0) return response;
    const responses = response.responses.map((topic) => ({
      ...topic,
      partitionResponses: topic.partitionResponses.map((answer) => {
        const partition = state.topics.partition(topic.name ?? "", answer.index) ??
          state.topics.byId(topic.topicId ?? "")?.partitions[answer.index];
        const isLost = partition !== undefined && appended.has(partition) && partition.fault !== undefined;
        return isLost ? refused(answer.index, ErrorCode.KAFKA_STORAGE_ERROR, partition.fault) : answer;
      }),
    }));
    return { responses };
  });
}
