/**
 * Metadata, v0-13: the node, the topics and their partitions, by name or id.
 *
 * Behaviour: a topic that is not there is made, when both the client and the broker allow it. The address told is the
 * one that the client reached us at. Whoever asks for authorized operations is told all of them.
 * Not modelled: rights, racks, more than one node.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { MetadataRequest, MetadataResponse } from "../../wire/messages/03_metadata.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { ZERO_UUID } from "../../wire/uuid.ts";
import { defineApi } from "../api.ts";
import { type BrokerState, NODE_ID } from "../state/broker_state.ts";
import { LEADER_EPOCH } from "../state/partition.ts";
import { StorageError } from "../state/storage.ts";
import { INTERNAL_TOPICS, invalidTopicName, type Topic } from "../state/topic.ts";
import { CLUSTER_OPERATIONS, TOPIC_OPERATIONS, UNKNOWN_OPERATIONS } from "./authorized_operations.ts";
import { refuseTopic } from "./topic_rules.ts";

const log = logger("broker");

type Wanted = NonNullable<Infer<typeof MetadataRequest>["topics"]>[number];
type TopicResponse = Input<typeof MetadataResponse>["topics"][number];

/** Up to this version an empty list means all topics; from the next on null does. */
const EMPTY_IS_ALL_UNTIL = 0;
/** From this version on ids can be told, but a topic asked for by id only from {@linkcode BY_ID_SINCE} on. */
const IDS_SINCE = 10;
const BY_ID_SINCE = 12;

export const metadata = defineApi(
  MetadataRequest,
  MetadataResponse,
  (request, { state, apiVersion, connection }) => {
    const { topics: wanted } = request;
    if (wanted?.some(({ name, topicId }) => isEarlyId(name, topicId, apiVersion)) === true) {
      return refused(wanted);
    }
    const isAll = wanted === null || (wanted.length === 0 && apiVersion <= EMPTY_IS_ALL_UNTIL);
    const mayCreate = request.allowAutoTopicCreation && state.config.autoCreateTopics;
    const topics = isAll ? [...state.topics.all()].map(describe) : find(state, wanted, mayCreate);
    const { includeTopicAuthorizedOperations: isTopicAsked } = request;
    return {
      brokers: [{ nodeId: NODE_ID, host: connection.localHost, port: connection.localPort, rack: null }],
      clusterId: state.clusterId,
      controllerId: NODE_ID,
      topics: isTopicAsked ? topics.map(withOperations) : topics,
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
        ? CLUSTER_OPERATIONS
        : UNKNOWN_OPERATIONS,
    };
  },
);

/** Kafka serves no ids in versions that can carry them already. */
function isEarlyId(name: string | null, topicId: string, apiVersion: number): boolean {
  return apiVersion >= IDS_SINCE && apiVersion < BY_ID_SINCE && (name === null || topicId !== ZERO_UUID);
}

function refused(wanted: readonly Wanted[]): Input<typeof MetadataResponse> {
  const topics = wanted.map(({ name, topicId }) => missing(ErrorCode.INVALID_REQUEST, name ?? "", topicId));
  return { brokers: [], clusterId: null, controllerId: -1, topics };
}

/** Each topic once. Where one is asked for by id, only ids count. */
function find(state: BrokerState, wanted: readonly Wanted[], mayCreate: boolean): TopicResponse[] {
  const ids = new Set(wanted.filter(isById).map(({ topicId }) => topicId));
  if (ids.size > 0) return [...ids].map((topicId) => byId(state, topicId));
  return [...new Set(wanted.map(({ name }) => name ?? ""))].map((name) => byName(state, name, mayCreate));
}

function isById({ name, topicId }: Wanted): boolean {
  return name === null || topicId !== ZERO_UUID;
}

function byName(state: BrokerState, name: string, mayCreate: boolean): TopicResponse {
  const topic = state.topics.get(name);
  if (topic !== undefined) return describe(topic);
  if (mayCreate && !INTERNAL_TOPICS.has(name)) return create(state, name);
  const isValid = invalidTopicName(name) === undefined;
  return missing(isValid ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_TOPIC_EXCEPTION, name);
}

function byId(state: BrokerState, topicId: string): TopicResponse {
  const topic = state.topics.byId(topicId);
  return topic === undefined ? missing(ErrorCode.UNKNOWN_TOPIC_ID, null, topicId) : describe(topic);
}

function describe({ name, topicId, partitions }: Topic): TopicResponse {
  return {
    errorCode: ErrorCode.NONE,
    name,
    topicId,
    isInternal: INTERNAL_TOPICS.has(name),
    partitions: partitions.map(({ index }) => ({
      errorCode: ErrorCode.NONE,
      partitionIndex: index,
      leaderId: NODE_ID,
      leaderEpoch: LEADER_EPOCH,
      replicaNodes: [NODE_ID],
      isrNodes: [NODE_ID],
      offlineReplicas: [],
    })),
  };
}

function withOperations(topic: TopicResponse): TopicResponse {
  if (topic.errorCode !== ErrorCode.NONE) return topic;
  return { ...topic, topicAuthorizedOperations: TOPIC_OPERATIONS };
}

function missing(errorCode: number, name: string | null, topicId = ZERO_UUID): TopicResponse {
  return { errorCode, name, topicId, partitions: [] };
}

function create(state: BrokerState, name: string): TopicResponse {
  const partitions = state.config.defaultPartitions;
  const refusal = refuseTopic(state, { name, partitions, configs: new Map() });
  if (refusal !== undefined) return missing(refusal.errorCode, name);
  try {
    return describe(state.topics.create(name, partitions, new Map()));
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log.error(`Cannot make topic '${name}': ${describeError(error)}`);
    return missing(ErrorCode.KAFKA_STORAGE_ERROR, name);
  }
}
