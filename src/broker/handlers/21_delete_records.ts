/**
 * DeleteRecords, v0-2: gives up the records before an offset.
 *
 * Behaviour: offset -1 stands for the high watermark. The new start is on the disk, and safe from a power loss, when it is
 * answered; segments that lie before it wholly are deleted.
 * Not modelled: nothing.
 *
 * @module
 */
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { DeleteRecordsRequest, DeleteRecordsResponse } from "../../wire/messages/21_delete_records.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";
import type { Syncable } from "../state/flusher.ts";
import type { PartitionLog } from "../state/partition_log.ts";

const log = logger("broker");

type Request = Infer<typeof DeleteRecordsRequest>;
type Response = Input<typeof DeleteRecordsResponse>;
type PartitionResponse = NonNullable<NonNullable<Response["topics"]>[number]["partitions"]>[number];

/** Stands for the high watermark. */
const HIGH_WATERMARK = -1n;

/** A deletion under way: its sync is the deletion itself. */
interface Deletion extends Syncable {
  readonly log: PartitionLog;
}

export const deleteRecords = defineApi(DeleteRecordsRequest, DeleteRecordsResponse, (request, { state }) => {
  const topics = [...offsetsByPartition(request)].map(([name, offsets]) => ({
    name,
    partitions: [...offsets].map(([partitionIndex, offset]) => ({
      partitionIndex,
      outcome: begin(state, name, partitionIndex, offset),
    })),
  }));
  const outcomes = topics.flatMap(({ partitions }) => partitions.map(({ outcome }) => outcome));
  return state.flusher.commit(outcomes.filter((outcome) => typeof outcome !== "number")).map((
    faults,
  ): Response => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, outcome }): PartitionResponse => {
        if (typeof outcome === "number") return { partitionIndex, lowWatermark: -1n, errorCode: outcome };
        const fault = faults.get(outcome);
        if (fault === undefined) {
          return { partitionIndex, lowWatermark: outcome.log.startOffset, errorCode: ErrorCode.NONE };
        }
        log.error(`Cannot delete records of ${name}-${partitionIndex}: ${fault}`);
        return { partitionIndex, lowWatermark: -1n, errorCode: ErrorCode.KAFKA_STORAGE_ERROR };
      }),
    })),
  }));
});

/** Of a partition that is named twice the last counts, as in Kafka. */
function offsetsByPartition({ topics }: Request): Map<string, Map<number, bigint>> {
  const byTopic = new Map<string, Map<number, bigint>>();
  for (const { name, partitions } of topics) {
    const offsets = byTopic.get(name) ?? new Map<number, bigint>();
    for (const { partitionIndex, offset } of partitions) offsets.set(partitionIndex, offset);
    byTopic.set(name, offsets);
  }
  return byTopic;
}

/** What is to be done, or the error code of why it cannot be. */
function begin(state: BrokerState, name: string, index: number, offset: bigint): Deletion | number {
  const topic = state.topics.get(name);
  const partition = topic?.partitions[index];
  if (topic === undefined || partition === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  if (partition.fault !== undefined) return ErrorCode.KAFKA_STORAGE_ERROR;
  // As Kafka: what is compacted only keeps the last value of each key.
  if (!topic.config.cleanupDelete) return ErrorCode.POLICY_VIOLATION;
  const before = offset === HIGH_WATERMARK ? partition.highWatermark : offset;
  if (before < 0n || before > partition.highWatermark) return ErrorCode.OFFSET_OUT_OF_RANGE;
  return { log: partition.log, sync: () => partition.log.deleteRecordsBefore(before) };
}
