/**
 * OffsetFetch, v1-10: how far groups have come; several groups at once from v8 on.
 *
 * Behaviour: null topics mean all that were committed. What was never committed is -1.
 * With requireStable (v7+), what a transaction under way may change is UNSTABLE_OFFSET_COMMIT, to be asked again.
 * Not modelled: member epochs of the new group protocol.
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
      const { groupId, requireStable } = request;
      const options = { isById: false, requireStable };
      return { topics: fetchTopics(state, groupId, topics, options), errorCode: ErrorCode.NONE };
    }
    const options = { isById: apiVersion >= BY_ID_SINCE, requireStable: request.requireStable };
    // All that a group committed is told once: a small request cannot ask for it a million times.
    const wholes = new Map(
      request.groups.filter(({ topics }) => topics === null).map((one) => [one.groupId, one]),
    );
    return {
      groups: request.groups.filter((one) => one.topics !== null || wholes.get(one.groupId) === one)
        .map(({ groupId, topics }) => ({
          groupId,
          topics: fetchTopics(state, groupId, topics, options),
          errorCode: ErrorCode.NONE,
        })),
    };
  },
);

function fetchTopics(
  state: BrokerState,
  groupId: string,
  topics: readonly Wanted[] | null,
  { isById, requireStable }: { isById: boolean; requireStable: boolean },
) {
  return (topics ?? allOf(state, groupId, isById)).map(({ name, topicId, partitionIndexes }) => {
    const known = isById ? state.topics.byId(topicId)?.name : name;
    return {
      name: known ?? name,
      topicId,
      partitions: partitionIndexes.map((partitionIndex) => {
        if (known === undefined) return none(partitionIndex, ErrorCode.UNKNOWN_TOPIC_ID);
        if (requireStable && state.offsets.hasPending(groupId, known, partitionIndex)) {
          return none(partitionIndex, ErrorCode.UNSTABLE_OFFSET_COMMIT);
        }
        const committed = state.offsets.get(groupId, known, partitionIndex);
        if (committed === undefined) return none(partitionIndex, ErrorCode.NONE);
        const { offset: committedOffset, leaderEpoch: committedLeaderEpoch, metadata } = committed;
        return { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode: ErrorCode.NONE };
      }),
    };
  });
}

function none(partitionIndex: number, errorCode: number) {
  return { partitionIndex, committedOffset: -1n, committedLeaderEpoch: -1, metadata: "", errorCode };
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
