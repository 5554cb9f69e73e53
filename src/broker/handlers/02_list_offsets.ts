/**
 * ListOffsets, v1-11: the earliest, the latest, the first from a time on, and that of the largest timestamp.
 *
 * Behaviour: the record itself is found, also within a compressed batch.
 * With READ_COMMITTED nothing is behind the last stable offset.
 * Not modelled: tiered storage (earliest local is earliest, the tiered ones are not there).
 *
 * @module
 */
import { describeError, WireError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { ListOffsetsRequest, ListOffsetsResponse } from "../../wire/messages/02_list_offsets.ts";
import { readBatchHeader } from "../../wire/record_batch.ts";
import { decodeRecords } from "../../wire/records.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import { LEADER_EPOCH, type Partition } from "../state/partition.ts";
import { StorageError } from "../state/storage.ts";

const log = logger("broker");

type RequestPartition = Infer<typeof ListOffsetsRequest>["topics"][number]["partitions"][number];
type TopicResponse = Input<typeof ListOffsetsResponse>["topics"][number];
type PartitionResponse = TopicResponse["partitions"][number];

const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;
const LATEST = -1n;
const EARLIEST = -2n;
const MAX_TIMESTAMP = -3n;
const EARLIEST_LOCAL = -4n;
const LATEST_TIERED = -5n;
const EARLIEST_PENDING_UPLOAD = -6n;

/** The first versions that know what is asked for in place of a time. What is less than these is known by none. */
const KNOWN_SINCE = new Map([
  [LATEST, 0],
  [EARLIEST, 0],
  [MAX_TIMESTAMP, 7],
  [EARLIEST_LOCAL, 8],
  [LATEST_TIERED, 9],
  [EARLIEST_PENDING_UPLOAD, 11],
]);

export const listOffsets = defineApi(ListOffsetsRequest, ListOffsetsResponse, (request, context) => {
  const { state, apiVersion } = context;
  const { isolationLevel } = request;
  const isCommittedOnly = isolationLevel === READ_COMMITTED;
  const isLevel = isCommittedOnly || isolationLevel === READ_UNCOMMITTED;
  return {
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: onceEach(partitions).map(({ wanted, isTwice }) => {
        if (!isLevel) return failed(wanted, ErrorCode.UNKNOWN_SERVER_ERROR);
        if (isTwice) return failed(wanted, ErrorCode.INVALID_REQUEST);
        const { timestamp } = wanted;
        const isKnown = timestamp >= 0n || apiVersion >= (KNOWN_SINCE.get(timestamp) ?? Infinity);
        if (!isKnown) return failed(wanted, ErrorCode.UNSUPPORTED_VERSION);
        const partition = state.topics.partition(name, wanted.partitionIndex);
        return partition === undefined
          ? failed(wanted, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
          : find(partition, wanted, isCommittedOnly);
      }),
    })),
  };
});

/** Each partition once, and whether it was asked about more often, which Kafka takes for a mistake. */
function onceEach(partitions: readonly RequestPartition[]): { wanted: RequestPartition; isTwice: boolean }[] {
  const byIndex = new Map<number, { wanted: RequestPartition; isTwice: boolean }>();
  for (const wanted of partitions) {
    const { partitionIndex } = wanted;
    byIndex.set(partitionIndex, { wanted, isTwice: byIndex.has(partitionIndex) });
  }
  return [...byIndex.values()];
}

function find(
  partition: Partition,
  wanted: RequestPartition,
  isCommittedOnly: boolean,
): PartitionResponse {
  if (partition.fault !== undefined) return failed(wanted, ErrorCode.KAFKA_STORAGE_ERROR);
  if (wanted.currentLeaderEpoch > LEADER_EPOCH) return failed(wanted, ErrorCode.UNKNOWN_LEADER_EPOCH);
  const { log: records } = partition;
  const limit = isCommittedOnly ? partition.lastStableOffset : partition.highWatermark;
  switch (wanted.timestamp) {
    case LATEST:
      return found(wanted, limit);
    case EARLIEST:
    case EARLIEST_LOCAL:
      return found(wanted, records.startOffset);
    case LATEST_TIERED:
    case EARLIEST_PENDING_UPLOAD:
      return { partitionIndex: wanted.partitionIndex, errorCode: ErrorCode.NONE };
    default:
  }
  try {
    const timestamp = wanted.timestamp === MAX_TIMESTAMP ? records.maxTimestamp : Number(wanted.timestamp);
    if (timestamp < 0) return { partitionIndex: wanted.partitionIndex, errorCode: ErrorCode.NONE };
    const batch = records.batchByTimestamp(timestamp, limit);
    return batch === undefined
      ? { partitionIndex: wanted.partitionIndex, errorCode: ErrorCode.NONE }
      : firstFrom(wanted, batch, BigInt(timestamp), records.startOffset);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    if (partition.failed(error)) log.error(describeError(error));
    return failed(wanted, ErrorCode.KAFKA_STORAGE_ERROR);
  }
}

/** The first record of a batch from a time on, in the log as it is; the batch itself where its records cannot be read. */
function firstFrom(
  wanted: RequestPartition,
  batch: Uint8Array,
  timestamp: bigint,
  startOffset: bigint,
): PartitionResponse {
  try {
    const record = decodeRecords(batch).find((candidate) =>
      candidate.timestamp >= timestamp && candidate.offset >= startOffset
    );
    if (record !== undefined) return found(wanted, record.offset, record.timestamp);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
  const { baseOffset, maxTimestamp } = readBatchHeader(batch);
  return found(wanted, baseOffset, maxTimestamp);
}

function found({ partitionIndex }: RequestPartition, offset: bigint, timestamp = -1n): PartitionResponse {
  return { partitionIndex, errorCode: ErrorCode.NONE, timestamp, offset, leaderEpoch: LEADER_EPOCH };
}

function failed({ partitionIndex }: RequestPartition, errorCode: number): PartitionResponse {
  return { partitionIndex, errorCode };
}
