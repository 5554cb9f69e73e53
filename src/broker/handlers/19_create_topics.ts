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
import { type BrokerState, NODE_ID } from "../state/broker_state.ts";
import { StorageError } from "../state/storage.ts";
import { configValue, TOPIC_CONFIGS } from "../state/topic_config.ts";
import { configSource } from "./config_source.ts";
import { refuseTopic } from "./topic_rules.ts";

const log = logger("broker");

type RequestTopic = Infer<typeof CreateTopicsRequest>["topics"][number];
type Response = Input<typeof CreateTopicsResponse>;
type TopicResponse = Response["topics"][number];

const REPLICATION_FACTOR = 1;

export const createTopics = defineApi(CreateTopicsRequest, CreateTopicsResponse, (request, { state }) => {
  const counts = new Map<string, number>();
  for (const { name } of request.topics) counts.set(name, (counts.get(name) ?? 0) + 1);
  const topics = [...counts].map(([name, count]): TopicResponse => {
    const topic = request.topics.find((candidate) => candidate.name === name);
    if (topic === undefined || count > 1) {
      return {
        name,
        errorCode: ErrorCode.INVALID_REQUEST,
        errorMessage: "Duplicate topic name.",
        configs: null,
      };
    }
    return create(state, topic, request.validateOnly);
  });
  const refused = (errorMessage: string) => ({
    topics: topics.map((topic) =>
      topic.errorCode === ErrorCode.NONE
        ? { ...topic, errorCode: ErrorCode.KAFKA_STORAGE_ERROR, errorMessage, configs: null }
        : topic
    ),
  });
  return state.whenSafe<Response>([state.topics], { topics }, refused);
});

function create(state: BrokerState, topic: RequestTopic, validateOnly: boolean): TopicResponse {
  const { name } = topic;
  const refused = (errorCode: number, errorMessage: string): TopicResponse => ({
    name,
    errorCode,
    errorMessage,
    configs: null,
  });
  const layout = layoutOf(topic, state.config.defaultPartitions);
  if (typeof layout === "string") return refused(ErrorCode.INVALID_REPLICA_ASSIGNMENT, layout);
  if (topic.replicationFactor !== -1 && topic.replicationFactor !== REPLICATION_FACTOR) {
    return refused(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      `Unable to replicate the partition ${topic.replicationFactor} time(s): there is one broker.`,
    );
  }
  const given = new Map(topic.configs.map((config) => [config.name, config.value]));
  const refusal = refuseTopic(state, { name, partitions: layout, configs: given });
  if (refusal !== undefined) return refused(refusal.errorCode, refusal.errorMessage);
  const overrides = new Map([...given].map(([config, value]) => [config, value ?? ""]));
  const answer = {
    name,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    numPartitions: layout,
    replicationFactor: REPLICATION_FACTOR,
    configs: TOPIC_CONFIGS.map((definition) => ({
      name: definition.name,
      value: configValue(definition, overrides, state.config.topicDefaults),
      readOnly: false,
      configSource: configSource(definition, overrides, state.config.topicDefaults),
      isSensitive: false,
    })),
  };
  if (validateOnly) return answer;
  try {
    return { ...answer, topicId: state.topics.create(name, layout, overrides).topicId };
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log.error(`Cannot make topic '${name}': ${describeError(error)}`);
    return refused(ErrorCode.KAFKA_STORAGE_ERROR, describeError(error));
  }
}

/** The number of partitions asked for, or what is wrong with the assignment. */
function layoutOf(topic: RequestTopic, defaultPartitions: number): number | string {
  const { assignments, numPartitions } = topic;
  if (assignments.length === 0) return numPartitions === -1 ? defaultPartitions : numPartitions;
  if (numPartitions !== -1 || topic.replicationFactor !== -1) {
    return "A manual partition assignment was specified, but numPartitions or replicationFactor was not set to -1.";
  }
  const isDense =
    new Set(assignments.map(({ partitionIndex }) => partitionIndex)).size === assignments.length &&
    assignments.every(({ partitionIndex }) => partitionIndex >= 0 && partitionIndex < assignments.length);
  if (!isDense) return "The manual partition assignment must name the partitions from 0 on, each once.";
  const isOurs = assignments.every(({ brokerIds }) => brokerIds.length === 1 && brokerIds[0] === NODE_ID);
  return isOurs ? assignments.length : `The manual partition assignment may name broker ${NODE_ID} only.`;
}
