/** Requests of one topic or one partition, with what a client of the newest version would say. */
import type { Input } from "../../src/wire/schema.ts";
import { type ProducerId, type Topic } from "../support/conform.ts";
import { batchOf } from "../support/batches.ts";
import type { ListOffsets, OffsetCommit, OffsetFetch, Produce } from "../support/wire_pairs.ts";
import type { Fetch } from "../support/wire_pairs.ts";

const MAX_BYTES = 1 << 20;

/** What {@linkcode produceOf} may say besides. */
export interface ProduceOptions {
  readonly acks?: number;
  readonly index?: number;
  readonly transactionalId?: string;
}

export function produceOf(
  { name, topicId }: Topic,
  records: Uint8Array | null,
  { acks = -1, index = 0, transactionalId }: ProduceOptions = {},
): Input<typeof Produce.request> {
  const topicData = [{ name, topicId, partitionData: [{ index, records }] }];
  return { transactionalId: transactionalId ?? null, acks, timeoutMs: 5_000, topicData };
}

/** A batch of an idempotent producer. */
export function batchFrom(producer: ProducerId, baseSequence: number, values = ["a"]): Uint8Array {
  return batchOf(values, { ...producer, baseSequence });
}

/** What {@linkcode fetchOf} may say besides. */
export interface FetchOptions {
  readonly partition?: number;
  readonly currentLeaderEpoch?: number;
  readonly lastFetchedEpoch?: number;
  readonly isolationLevel?: number;
  readonly maxBytes?: number;
  readonly partitionMaxBytes?: number;
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly sessionId?: number;
  readonly sessionEpoch?: number;
}

export function fetchOf(
  { name, topicId }: Topic,
  fetchOffset: bigint,
  { partition = 0, partitionMaxBytes = MAX_BYTES, currentLeaderEpoch, lastFetchedEpoch, ...of }:
    FetchOptions = {},
): Input<typeof Fetch.request> {
  const epochs = {
    ...(currentLeaderEpoch === undefined ? {} : { currentLeaderEpoch }),
    ...(lastFetchedEpoch === undefined ? {} : { lastFetchedEpoch }),
  };
  const partitions = [{ partition, fetchOffset, partitionMaxBytes, ...epochs }];
  return {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: MAX_BYTES,
    ...of,
    topics: [{ topic: name, topicId, partitions }],
  };
}

export function offsetsOf(
  { name }: Topic,
  timestamp: bigint,
  { partitionIndex = 0, isolationLevel = 0, currentLeaderEpoch = -1 } = {},
): Input<typeof ListOffsets.request> {
  const partitions = [{ partitionIndex, timestamp, currentLeaderEpoch }];
  return { replicaId: -1, isolationLevel, topics: [{ name, partitions }], timeoutMs: 5_000 };
}

/** A member as the requests of its group name it. */
export interface Member {
  readonly memberId: string;
  readonly generationId: number;
}

export function commitOf(
  groupId: string,
  { name, topicId }: Topic,
  committedOffset: bigint,
  { memberId = "", generationId = -1, partitionIndex = 0, committedMetadata = "" } = {},
): Input<typeof OffsetCommit.request> {
  const partitions = [{ partitionIndex, committedOffset, committedMetadata }];
  return {
    groupId,
    memberId,
    generationIdOrMemberEpoch: generationId,
    topics: [{ name, topicId, partitions }],
  };
}

export function committedOf(
  groupId: string,
  { name, topicId }: Topic,
  { partitionIndexes = [0], requireStable = false } = {},
): Input<typeof OffsetFetch.request> {
  const topics = [{ name, topicId, partitionIndexes }];
  return { groupId, topics, groups: [{ groupId, topics }], requireStable };
}
