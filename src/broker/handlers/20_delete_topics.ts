/**
 * DeleteTopics, v1-6: deletes topics with their records and what groups committed for them, by name or id.
 *
 * Behaviour: the records are gone when it is answered. What is named twice, or by both, is not deleted.
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
import { Topic } from "../state/topic.ts";

const log = logger("broker");

type Response = Input<typeof DeleteTopicsResponse>;
type TopicResponse = NonNullable<Response["responses"]>[number];

/** From this version on topics come as names or ids. */
const STATES_SINCE = 6;
/** From this version on there is an error of its own where topics may not be deleted. */
const DISABLED_SINCE = 3;

/** A topic by name or id. */
interface Wanted {
  readonly name: string | null;
  readonly topicId: string;
}

export const deleteTopics = defineApi(
  DeleteTopicsRequest,
  DeleteTopicsResponse,
  (request, { state, apiVersion }) => {
    const wanted = apiVersion >= STATES_SINCE
      ? request.topics
      : request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }));
    const responses = refusedOrFound(wanted, state).map((found): TopicResponse => {
      const response = found instanceof Topic ? remove(state, found, apiVersion) : found;
      return { ...response, errorMessage: response.errorMessage ?? messageOf(response.errorCode) };
    });
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

/** For each topic that is wanted, once: the topic, or why it is not deleted. */
function refusedOrFound(wanted: readonly Wanted[], { topics }: BrokerState): (Topic | TopicResponse)[] {
  const answers: (Topic | TopicResponse)[] = [];
  const found = new Map<Topic, number>();
  for (const one of unique(wanted)) {
    const { name, topicId, count } = one;
    const refuse = (errorCode: number, errorMessage: string | null = null) =>
      answers.push({ name, topicId, errorCode, errorMessage });
    if (name === null && topicId === ZERO_UUID) {
      refuse(ErrorCode.INVALID_REQUEST, "Neither topic name nor id were specified.");
    } else if (name !== null && topicId !== ZERO_UUID) {
      refuse(ErrorCode.INVALID_REQUEST, "You may not specify both topic name and topic id.");
    } else if (count > 1) {
      refuse(ErrorCode.INVALID_REQUEST, `Duplicate topic ${name === null ? "id" : "name"}.`);
    } else {
      const topic = name === null ? topics.byId(topicId) : topics.get(name);
      if (topic !== undefined) found.set(topic, (found.get(topic) ?? 0) + 1);
      else refuse(name === null ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    }
  }
  for (const [topic, count] of found) {
    if (count === 1) answers.push(topic);
    else {
      answers.push({
        name: topic.name,
        topicId: topic.topicId,
        errorCode: ErrorCode.INVALID_REQUEST,
        errorMessage: "The provided topic name maps to an ID that was already supplied.",
      });
    }
  }
  return answers;
}

/** What is wanted, each once, with how often. */
function unique(wanted: readonly Wanted[]): Iterable<Wanted & { count: number }> {
  const byKey = new Map<string, Wanted & { count: number }>();
  for (const { name, topicId } of wanted) {
    const key = `${topicId} ${name ?? ""}`;
    byKey.set(key, { name, topicId, count: (byKey.get(key)?.count ?? 0) + 1 });
  }
  return byKey.values();
}

function remove(state: BrokerState, topic: Topic, apiVersion: number): TopicResponse {
  const answer = (errorCode: number): TopicResponse => ({
    name: topic.name,
    topicId: topic.topicId,
    errorCode,
  });
  if (!state.config.deleteTopics) {
    return answer(
      apiVersion < DISABLED_SINCE ? ErrorCode.INVALID_REQUEST : ErrorCode.TOPIC_DELETION_DISABLED,
    );
  }
  try {
    state.topics.delete(topic);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log.error(`Cannot delete topic '${topic.name}': ${describeError(error)}`);
    return answer(ErrorCode.KAFKA_STORAGE_ERROR);
  }
  try {
    state.offsets.deleteTopic(topic.name);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    // The topic is gone all the same. A new one of this name inherits nothing: see BrokerState.
    log.error(`Cannot forget what was committed for topic '${topic.name}': ${describeError(error)}`);
  }
  return answer(ErrorCode.NONE);
}

/** Kafka's own words, for what needs no others. */
function messageOf(errorCode: number): string | null {
  switch (errorCode) {
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
      return "This server does not host this topic-partition.";
    case ErrorCode.UNKNOWN_TOPIC_ID:
      return "This server does not host this topic ID.";
    case ErrorCode.TOPIC_DELETION_DISABLED:
      return "Topic deletion is disabled.";
    default:
      return null;
  }
}
