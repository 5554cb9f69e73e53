/**
 * What CreateTopics, Metadata's auto-creation and CreatePartitions have in common: may this topic be made?
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { NODE_ID } from "../node_id.ts";
import type { BrokerState } from "../state/broker_state.ts";
import { INTERNAL_TOPICS, invalidTopicName } from "../state/topic.ts";
import { invalidConfigs } from "../state/topic_config.ts";

/** Where Kafka keeps its cluster's metadata: not even it makes this one when asked. */
const METADATA_TOPIC = "__cluster_metadata";

/** Why something is refused: an error code, and words for people. */
export interface Refusal {
  readonly errorCode: number;
  readonly errorMessage: string;
}

/** A topic to be made. */
export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly configs: ReadonlyMap<string, string | null>;
}

/** What others were promised that are not made yet, or only to be validated. */
export interface PromisedRoom {
  topics: number;
  partitions: number;
}

/** Why a topic may not be made, undefined when it may. */
export function refuseTopic(
  state: BrokerState,
  { name, partitions, configs }: NewTopic,
  before: PromisedRoom = { topics: 0, partitions: 0 },
): Refusal | undefined {
  const nameRefusal = refuseName(state, name);
  if (nameRefusal !== undefined) return nameRefusal;
  if (state.topics.size + before.topics >= state.limits.maxTopics) {
    return {
      errorCode: ErrorCode.POLICY_VIOLATION,
      errorMessage: `There are ${state.limits.maxTopics} topics already.`,
    };
  }
  const invalid = invalidConfigs(configs, state.configs.topicDefaults);
  if (invalid !== undefined) return { errorCode: ErrorCode.INVALID_CONFIG, errorMessage: invalid };
  return refusePartitions(state, partitions, before.partitions + partitions);
}

/** Why no topic may be made of this name, undefined when one may. */
export function refuseName(state: BrokerState, name: string): Refusal | undefined {
  const invalidName = invalidTopicName(name);
  if (invalidName !== undefined) {
    return { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, errorMessage: invalidName };
  }
  if (name === METADATA_TOPIC) {
    const errorMessage = `Creation of internal topic ${name} is prohibited.`;
    return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage };
  }
  if (state.topics.get(name) !== undefined || INTERNAL_TOPICS.has(name)) {
    return { errorCode: ErrorCode.TOPIC_ALREADY_EXISTS, errorMessage: `Topic '${name}' already exists.` };
  }
  const other = state.topics.collidingWith(name);
  if (other === undefined) return undefined;
  const errorMessage = `Topic '${name}' collides with existing topic: ${other.name}`;
  return { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, errorMessage };
}

/** Why a partition's replicas cannot be these, undefined when they can: there is one broker. */
export function refuseAssignment(brokerIds: readonly number[]): Refusal | undefined {
  const refused = (reason: string): Refusal => ({
    errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT,
    errorMessage: `The manual partition assignment includes ${reason}`,
  });
  if (brokerIds.length === 0) return refused("an empty replica list.");
  const seen = new Set<number>();
  for (const id of brokerIds) {
    if (seen.has(id)) return refused(`the broker ${id} more than once.`);
    seen.add(id);
  }
  const unknown = brokerIds.find((id) => id !== NODE_ID);
  return unknown === undefined ? undefined : refused(`broker ${unknown}, but no such broker is registered.`);
}

/** Why a topic may not have so many partitions, `more` of them new; undefined when it may. */
export function refusePartitions(state: BrokerState, total: number, more: number): Refusal | undefined {
  if (total < 1) {
    return {
      errorCode: ErrorCode.INVALID_PARTITIONS,
      errorMessage: "Number of partitions was set to an invalid non-positive value.",
    };
  }
  const { maxPartitions, maxPartitionsPerTopic } = state.limits;
  if (total <= maxPartitionsPerTopic && state.topics.partitionsCount + more <= maxPartitions) {
    return undefined;
  }
  return {
    errorCode: ErrorCode.POLICY_VIOLATION,
    errorMessage:
      `At most ${maxPartitionsPerTopic} partitions a topic are served, and ${maxPartitions} in all.`,
  };
}
