/**
 * DescribeTopicPartitions, v0: topics and their partitions, by name, page by page.
 *
 * Behaviour: topics in the order of their names, all of them when none is named. Where the limit on partitions cuts an
 * answer short, its cursor says where the next one begins. Authorized operations are all of them.
 * Not modelled: rights, eligible leader replicas (there are none).
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import {
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
} from "../../wire/messages/75_describe_topic_partitions.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { ZERO_UUID } from "../../wire/uuid.ts";
import { defineApi } from "../api.ts";
import { type BrokerState, NODE_ID } from "../state/broker_state.ts";
import { LEADER_EPOCH } from "../state/partition.ts";
import { INTERNAL_TOPICS, invalidTopicName, type Topic } from "../state/topic.ts";
import { TOPIC_OPERATIONS } from "./authorized_operations.ts";

type Cursor = Infer<typeof DescribeTopicPartitionsRequest>["cursor"];
type Response = Input<typeof DescribeTopicPartitionsResponse>;
type TopicResponse = Response["topics"][number];

export const describeTopicPartitions = defineApi(
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
  ({ topics: wanted, cursor, responsePartitionLimit }, { state }) => {
    const isAll = wanted.length === 0;
    const named = isAll ? [...state.topics.all()] : wanted;
    const names = [...new Set(named.map(({ name }) => name))].sort()
      .filter((name) => cursor === null || name >= cursor.topicName);
    // A topic that is gone meanwhile does not end the walk through all of them.
    if (cursor !== null && (cursor.partitionIndex < 0 || !(isAll || names.includes(cursor.topicName)))) {
      return {
        throttleTimeMs: 0,
        topics: wanted.map(({ name }) => missing(name, ErrorCode.INVALID_REQUEST)),
      };
    }
    const limit = Math.max(1, Math.min(responsePartitionLimit, state.limits.maxPartitionsPerAnswer));
    return { throttleTimeMs: 0, ...page(state, names, cursor, limit) };
  },
);

function page(
  state: BrokerState,
  names: readonly string[],
  cursor: Cursor,
  limit: number,
): Pick<Response, "topics" | "nextCursor"> {
  const topics: TopicResponse[] = [];
  let room = limit;
  for (const name of names) {
    const topic = state.topics.get(name);
    if (topic === undefined) {
      const isValid = invalidTopicName(name) === undefined;
      topics.push(
        missing(name, isValid ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_TOPIC_EXCEPTION),
      );
      continue;
    }
    const from = cursor?.topicName === name ? cursor.partitionIndex : 0;
    if (room === 0) return { topics, nextCursor: { topicName: name, partitionIndex: from } };
    const to = Math.min(topic.partitions.length, from + room);
    topics.push(describe(topic, from, to));
    room -= Math.max(0, to - from);
    if (to < topic.partitions.length) return { topics, nextCursor: { topicName: name, partitionIndex: to } };
  }
  return { topics, nextCursor: null };
}

function describe({ name, topicId, partitions }: Topic, from: number, to: number): TopicResponse {
  return {
    errorCode: ErrorCode.NONE,
    name,
    topicId,
    isInternal: INTERNAL_TOPICS.has(name),
    partitions: partitions.slice(from, to).map(({ index }) => ({
      errorCode: ErrorCode.NONE,
      partitionIndex: index,
      leaderId: NODE_ID,
      leaderEpoch: LEADER_EPOCH,
      replicaNodes: [NODE_ID],
      isrNodes: [NODE_ID],
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
      offlineReplicas: [],
    })),
    topicAuthorizedOperations: TOPIC_OPERATIONS,
  };
}

function missing(name: string, errorCode: number): TopicResponse {
  return { errorCode, name, topicId: ZERO_UUID, partitions: [] };
}
