/**
 * CreateTopics, v2-7: makes topics, with their configs.
 *
 * Behaviour: -1 partitions or replicas mean the default; validateOnly changes nothing. An assignment by hand may name
 * our node only, and gives the number of partitions.
 * Not modelled: more than one replica.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { CreateTopicsRequest, CreateTopicsResponse } from "../../wire/messages/19_create_topics.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";
import { StorageError } from "../state/storage.ts";
import { topicConfigs } from "./config_answers.ts";
import { type PromisedRoom, type Refusal, refuseAssignment, refuseName, refuseTopic } from "./topic_rules.ts";

const log = logger("broker");

type RequestTopic = Infer<typeof CreateTopicsRequest>["topics"][number];
type Response = Input<typeof CreateTopicsResponse>;
type TopicResponse = Response["topics"][number];

const REPLICATION_FACTOR = 1;

export const createTopics = defineApi(CreateTopicsRequest, CreateTopicsResponse, (request, { state }) => {
  const counts = new Map<string, number>();
  for (const { name } of request.topics) counts.set(name, (counts.get(name) ?? 0) + 1);
  const promised: PromisedRoom = { topics: 0, partitions: 0 };
  const topics = request.topics.filter(({ name }) => counts.get(name) === 1)
    .map((topic) => create(state, topic, request.validateOnly ? promised : undefined));
  for (const [name, count] of counts) {
    if (count === 1) continue;
    const errorMessage = "Duplicate topic name.";
    topics.push({ name, errorCode: ErrorCode.INVALID_REQUEST, errorMessage, configs: [] });
  }
  const refused = (errorMessage: string) => ({
    topics: topics.map((topic) =>
      topic.errorCode === ErrorCode.NONE
        ? { ...topic, errorCode: ErrorCode.KAFKA_STORAGE_ERROR, errorMessage, configs: [] }
        : topic
    ),
  });
  return state.whenSafe<Response>([state.topics], { topics }, refused);
});

/** @param promised what is only validated so far; undefined when the topic is to be made */
function create(state: BrokerState, topic: RequestTopic, promised: PromisedRoom | undefined): TopicResponse {
  const { name } = topic;
  const refused = ({ errorCode, errorMessage }: Refusal): TopicResponse => ({
    name,
    errorCode,
    errorMessage,
    configs: [],
  });
  const nameRefusal = refuseName(state, name);
  if (nameRefusal !== undefined) return refused(nameRefusal);
  const layout = layoutOf(topic, state.config.defaultPartitions);
  if (typeof layout !== "number") return refused(layout);
  const given = new Map(topic.configs.map((config) => [config.name, config.value]));
  const refusal = refuseTopic(state, { name, partitions: layout, configs: given }, promised);
  if (refusal !== undefined) return refused(refusal);
  const overrides = new Map([...given].map(([config, value]) => [config, value ?? ""]));
  const answer = {
    name,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    numPartitions: layout,
    replicationFactor: REPLICATION_FACTOR,
    configs: topicConfigs(state, overrides),
  };
  if (promised !== undefined) {
    promised.topics++;
    promised.partitions += layout;
    return answer;
  }
  try {
    return { ...answer, topicId: state.topics.create(name, layout, overrides).topicId };
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log.error(`Cannot make topic '${name}': ${describeError(error)}`);
    return refused({ errorCode: ErrorCode.KAFKA_STORAGE_ERROR, errorMessage: describeError(error) });
  }
}

/** The number of partitions asked for, or why they cannot be. Kafka's order and words. */
function layoutOf(topic: RequestTopic, defaultPartitions: number): number | Refusal {
  const { assignments, numPartitions, replicationFactor } = topic;
  if (assignments.length > 0) return refuseAssignments(topic) ?? assignments.length;
  if (replicationFactor < -1 || replicationFactor === 0) {
    const errorMessage = "Replication factor must be larger than 0, or -1 to use the default value.";
    return { errorCode: ErrorCode.INVALID_REPLICATION_FACTOR, errorMessage };
  }
  if (numPartitions < -1 || numPartitions === 0) {
    const errorMessage = "Number of partitions was set to an invalid non-positive value.";
    return { errorCode: ErrorCode.INVALID_PARTITIONS, errorMessage };
  }
  if (replicationFactor > REPLICATION_FACTOR) {
    const errorMessage = `Unable to replicate the partition ${replicationFactor} time(s): The target ` +
      `replication factor of ${replicationFactor} cannot be reached because only 1 broker(s) are registered.`;
    return { errorCode: ErrorCode.INVALID_REPLICATION_FACTOR, errorMessage };
  }
  return numPartitions === -1 ? defaultPartitions : numPartitions;
}

function refuseAssignments(
  { assignments, numPartitions, replicationFactor }: RequestTopic,
): Refusal | undefined {
  const manual = "A manual partition assignment was specified, but";
  if (replicationFactor !== -1) {
    return {
      errorCode: ErrorCode.INVALID_REQUEST,
      errorMessage: `${manual} replication factor was not set to -1.`,
    };
  }
  if (numPartitions !== -1) {
    return {
      errorCode: ErrorCode.INVALID_REQUEST,
      errorMessage: `${manual} numPartitions was not set to -1.`,
    };
  }
  const seen = new Set<number>();
  for (const { partitionIndex, brokerIds } of assignments) {
    if (seen.has(partitionIndex)) {
      const errorMessage = `Found multiple manual partition assignments for partition ${partitionIndex}`;
      return { errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT, errorMessage };
    }
    seen.add(partitionIndex);
    const refusal = refuseAssignment(brokerIds);
    if (refusal !== undefined) return refusal;
  }
  if (assignments.every((_, index) => seen.has(index))) return undefined;
  const errorMessage = "partitions should be a consecutive 0-based integer sequence";
  return { errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT, errorMessage };
}
