/**
 * Metadata, v0-13: the node, the topics and their partitions, by name or id.
 *
 * Behaviour: a topic that is not there is made, when both the client and the broker allow it. The address told is the
 * one that the client reached us at.
 * Not modelled: authorized operations (never told), racks, more than one node.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { MetadataRequest, MetadataResponse } from "../../wire/messages/03_metadata.ts";
import type { Input } from "../../wire/schema.ts";
import { ZERO_UUID } from "../../wire/uuid.ts";
import { defineApi } from "../api.ts";
import { type BrokerState, NODE_ID } from "../state/broker_state.ts";
import { LEADER_EPOCH } from "../state/partition.ts";
import { StorageError } from "../state/storage.ts";
import { invalidTopicName, type Topic } from "../state/topic.ts";
import { refuseTopic } from "./topic_rules.ts";

const log = logger("broker");

type TopicResponse = Input<typeof MetadataResponse>["topics"][number];

/** Up to this version an empty list means all topics; from the next on null does. */
const EMPTY_IS_ALL_UNTIL = 0;
/** From this version on a topic may be asked for by id. */
const BY_ID_SINCE = 10;

export const metadata = defineApi(
  MetadataRequest,
  MetadataResponse,
  (request, { state, apiVersion, connection }) => {
    const { topics } = request;
    const isAll = topics === null || (topics.length === 0 && apiVersion <= EMPTY_IS_ALL_UNTIL);
    const mayCreate = request.allowAutoTopicCreation && state.config.autoCreateTopics;
    return {
      brokers: [{ nodeId: NODE_ID, host: connection.localHost, port: connection.localPort, rack: null }],
      clusterId: state.clusterId,
      controllerId: NODE_ID,
      topics: isAll ? [...state.topics.all()].map(describe) : topics.map(({ name, topicId }) => {
        if (
          name === null || (name === "" && apiVersion >= BY_ID_SINCE && topicId !== ZERO_UUID)
        ) return byId(state, topicId);
        const topic = state.topics.get(name);
        if (topic !== undefined) return describe(topic);
        if (mayCreate) return create(state, name);
        const isValid = invalidTopicName(name) === undefined;
        return missing(
          isValid ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_TOPIC_EXCEPTION,
          name,
        );
      }),
    };
  },
);

function byId(state: BrokerState, topicId: string): TopicResponse {
  const topic = state.topics.byId(topicId);
  return topic === undefined ? missing(ErrorCode.UNKNOWN_TOPIC_ID, null, topicId) : describe(topic);
}

function describe({ name, topicId, partitions }: Topic): TopicResponse {
  return {
    errorCode: ErrorCode.NONE,
    name,
    topicId,
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
