/**
 * OffsetFetch, v1-10: how far groups have come; several groups at once from v8 on.
 *
 * Behaviour: null topics mean all that were committed. What was never committed is -1.
 * Not modelled: pending transactions (requireStable waits for none), member epochs of the new group protocol.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { OffsetFetchRequest, OffsetFetchResponse } from "../../wire/messages/09_offset_fetch.ts";
import { ZERO_UUID } from "../../wire/uuid.ts";
import { defineApi } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";

/** From this version on several groups come at once. */
const BATCHED_SINCE = 8;
/** From this version on topics come by id. */
const BY_ID_SINCE = 10;

/** A topic that is asked for. */
interface Wanted {
  readonly name: string;
  readonly topicId: string;
  readonly partitionIndexes: readonly number[];
}

export const offsetFetch = defineApi(
  OffsetFetchRequest,
  OffsetFetchResponse,
  (request, { state, apiVersion }) => {
    if (apiVersion < BATCHED_SINCE) {
      const topics = request.topics?.map((topic) => ({ ...topic, topicId: ZERO_UUID })) ?? null;
      return { topics: fetchTopics(state, request.groupId, topics, false), errorCode: ErrorCode.NONE };
    }
    const isById = apiVersion >= BY_ID_SINCE;
    // All that a group committed is told once: a small request cannot ask for it a million times.
    const wholes = new Map(
      request.groups.filter(({ topics }) => topics === null).map((one) => [one.groupId, one]),
    );
    return {
      groups: request.groups.filter((one) => one.topics !== null || wholes.get(one.groupId) === one)
        .map(({ groupId, topics }) => ({
          groupId,
          topics: fetchTopics(state, groupId, topics, isById),
          errorCode: ErrorCode.NONE,
        })),
    };
  },
);

function fetchTopics(state: BrokerState, groupId: string, topics: readonly Wanted[] | null, isById: boolean) {
  return (topics ?? allOf(state, groupId, isById)).map(({ name, topicId, partitionIndexes }) => {
    const known = isById ? state.topics.byId(topicId)?.name : name;
    return {
      name: known ?? name,
      topicId,
      partitions: partitionIndexes.map((partitionIndex) => {
        const committed = known === undefined ? undefined : state.offsets.get(groupId, known, partitionIndex);
        return {
          partitionIndex,
          committedOffset: committed?.offset ?? -1n,
          committedLeaderEpoch: committed?.leaderEpoch ?? -1,
          metadata: committed?.metadata ?? "",
          errorCode: known === undefined ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.NONE,
        };
      }),
    };
  });
}

/** All that a group committed. By id, only topics that are still there have one. */
function allOf(state: BrokerState, groupId: string, isById: boolean): Wanted[] {
  const all: Wanted[] = [];
  for (const [name, partitions] of state.offsets.ofGroup(groupId) ?? []) {
    const topicId = state.topics.get(name)?.topicId;
    if (isById && topicId === undefined) continue;
    all.push({ name, topicId: topicId ?? ZERO_UUID, partitionIndexes: [...partitions.keys()] });
  }
  return all;
}
