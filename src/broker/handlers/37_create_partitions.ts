/**
 * CreatePartitions, v0-3: raises the number of a topic's partitions.
 *
 * Behaviour: validateOnly changes nothing. Assignments by hand may name our node only. More partitions than are served are
 * POLICY_VIOLATION, as when a topic is made; Kafka's controller has UNKNOWN_SERVER_ERROR for more than 10,000 at once.
 * Not modelled: more than one replica.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from "../../wire/messages/37_create_partitions.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";
import { StorageError } from "../state/storage.ts";
import { type Refusal, refuseAssignment, refusePartitions } from "./topic_rules.ts";

const log = logger("broker");

type RequestTopic = Infer<typeof CreatePartitionsRequest>["topics"][number];
type Response = Input<typeof CreatePartitionsResponse>;
type TopicResponse = Response["results"][number];

export const createPartitions = defineApi(
  CreatePartitionsRequest,
  CreatePartitionsResponse,
  (request, { state }) => {
    const counts = new Map<string, number>();
    for (const { name } of request.topics) counts.set(name, (counts.get(name) ?? 0) + 1);
    const results = [...counts].filter(([, count]) => count > 1).map(([name]): TopicResponse => ({
      name,
      errorCode: ErrorCode.INVALID_REQUEST,
      errorMessage: "Duplicate topic name.",
    }));
    for (const topic of request.topics) {
      if (counts.get(topic.name) === 1) results.push(raise(state, topic, request.validateOnly));
    }
    const refused = (errorMessage: string) => ({
      throttleTimeMs: 0,
      results: results.map((result) =>
        result.errorCode === ErrorCode.NONE
          ? { name: result.name, errorCode: ErrorCode.KAFKA_STORAGE_ERROR, errorMessage }
          : result
      ),
    });
    return state.whenSafe<Response>([state.topics], { throttleTimeMs: 0, results }, refused);
  },
);

function raise(
  state: BrokerState,
  { name, count, assignments }: RequestTopic,
  validateOnly: boolean,
): TopicResponse {
  const topic = state.topics.get(name);
  if (topic === undefined) return { name, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
  const more = count - topic.partitions.length;
  if (more <= 0) {
    const errorMessage = more === 0
      ? `Topic already has ${count} partition(s).`
      : `The topic ${name} currently has ${topic.partitions.length} partition(s); ${count} would not be an increase.`;
    return { name, errorCode: ErrorCode.INVALID_PARTITIONS, errorMessage };
  }
  if (assignments !== null && assignments.length !== more) {
    const errorMessage =
      `Attempted to add ${more} additional partition(s), but only ${assignments.length} assignment(s) were specified.`;
    return { name, errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT, errorMessage };
  }
  const refusal = firstRefusal(assignments ?? []) ?? refusePartitions(state, count, more);
  if (refusal !== undefined) return { name, ...refusal };
  if (validateOnly) return { name, errorCode: ErrorCode.NONE };
  try {
    state.topics.addPartitions(topic, count);
    return { name, errorCode: ErrorCode.NONE };
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log.error(`Cannot add partitions to topic '${name}': ${describeError(error)}`);
    return { name, errorCode: ErrorCode.KAFKA_STORAGE_ERROR };
  }
}

function firstRefusal(
  assignments: readonly { readonly brokerIds: readonly number[] }[],
): Refusal | undefined {
  for (const { brokerIds } of assignments) {
    const refusal = refuseAssignment(brokerIds);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
