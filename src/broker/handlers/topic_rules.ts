/**
 * What CreateTopics, Metadata's auto-creation and CreatePartitions have in common: may this topic be made?
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import type { BrokerState } from "../state/broker_state.ts";
import { invalidTopicName } from "../state/topic.ts";
import { invalidConfig } from "../state/topic_config.ts";

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

/** Why a topic may not be made, undefined when it may. */
export function refuseTopic(
  state: BrokerState,
  { name, partitions, configs }: NewTopic,
): Refusal | undefined {
  const invalidName = invalidTopicName(name);
  if (invalidName !== undefined) {
    return { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, errorMessage: invalidName };
  }
  if (state.topics.get(name) !== undefined) {
    return { errorCode: ErrorCode.TOPIC_ALREADY_EXISTS, errorMessage: `Topic '${name}' already exists.` };
  }
  if (state.topics.size >= state.limits.maxTopics) {
    return {
      errorCode: ErrorCode.POLICY_VIOLATION,
      errorMessage: `There are ${state.limits.maxTopics} topics already.`,
    };
  }
  for (const [config, value] of configs) {
    const invalid = invalidConfig(config, value);
    if (invalid !== undefined) return { errorCode: ErrorCode.INVALID_CONFIG, errorMessage: invalid };
  }
  return refusePartitions(state, partitions, partitions);
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
