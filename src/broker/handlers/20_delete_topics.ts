/**
 * DeleteTopics, v1-6: deletes topics with their records and what groups committed for them, by name or id.
 *
 * Behaviour: the records are gone when it is answered.
 * Not modelled: nothing.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { DeleteTopicsRequest, DeleteTopicsResponse } from "../../wire/messages/20_delete_topics.ts";
import type { Input } from "../../wire/schema.ts";
import { ZERO_UUID } from "../../wire/uuid.ts";
import { defineApi } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";
import { StorageError } from "../state/storage.ts";

const log = logger("broker");

type Response = Input<typeof DeleteTopicsResponse>;
type TopicResponse = NonNullable<Response["responses"]>[number];

/** From this version on topics come as names or ids. */
const STATES_SINCE = 6;

export const deleteTopics = defineApi(
  DeleteTopicsRequest,
  DeleteTopicsResponse,
  (request, { state, apiVersion }) => {
    const wanted = apiVersion >= STATES_SINCE
      ? request.topics
      : request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }));
    const responses = wanted.map(({ name, topicId }) => remove(state, name, topicId));
    const refused = (errorMessage: string) => ({
      responses: responses.map((response) =>
        response.errorCode === ErrorCode.NONE
          ? { ...response, errorCode: ErrorCode.KAFKA_STORAGE_ERROR, errorMessage }
          : response
      ),
    });
    return state.whenSafe<Response>([state.offsets, state.topics], { responses }, refused);
  },
);

function remove(state: BrokerState, name: string | null, topicId: string): TopicResponse {
  if (name !== null && topicId !== ZERO_UUID) {
    return {
      name,
      topicId,
      errorCode: ErrorCode.INVALID_REQUEST,
      errorMessage: "Give either a name or an id.",
    };
  }
  const topic = name === null ? state.topics.byId(topicId) : state.topics.get(name);
  if (topic === undefined) {
    const errorCode = name === null ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    return { name, topicId, errorCode };
  }
  try {
    // In this order: cut short, it must not leave offsets that a new topic of this name would inherit.
    state.offsets.deleteTopic(topic.name);
    state.topics.delete(topic);
    return { name: topic.name, topicId: topic.topicId, errorCode: ErrorCode.NONE };
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log.error(`Cannot delete topic '${topic.name}': ${describeError(error)}`);
    return { name: topic.name, topicId: topic.topicId, errorCode: ErrorCode.KAFKA_STORAGE_ERROR };
  }
}
