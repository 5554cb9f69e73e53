/**
 * DescribeProducers, v0: the producers that a partition remembers, and where their transactions under way begin.
 *
 * Behaviour: one that sends nothing for long is forgotten, but not with a transaction under way.
 * Not modelled: nothing.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import {
  DescribeProducersRequest,
  DescribeProducersResponse,
} from "../../wire/messages/61_describe_producers.ts";
import { defineApi } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";
import { invalidTopicName } from "../state/topic.ts";

export const describeProducers = defineApi(
  DescribeProducersRequest,
  DescribeProducersResponse,
  (request, { state }) => ({
    throttleTimeMs: 0,
    topics: request.topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => describe(state, name, partitionIndex)),
    })),
  }),
);

function describe(state: BrokerState, name: string, partitionIndex: number) {
  const refused = (errorCode: number, errorMessage: string | null = null) => ({
    partitionIndex,
    errorCode,
    errorMessage,
    activeProducers: [],
  });
  const invalid = invalidTopicName(name);
  if (invalid !== undefined) return refused(ErrorCode.INVALID_TOPIC_EXCEPTION, invalid);
  const partition = state.topics.partition(name, partitionIndex);
  if (partition === undefined) return refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  if (partition.fault !== undefined) return refused(ErrorCode.KAFKA_STORAGE_ERROR, partition.fault);
  const activeProducers = partition.activeProducers(state.clock.epochMs());
  return { partitionIndex, errorCode: ErrorCode.NONE, errorMessage: null, activeProducers };
}
