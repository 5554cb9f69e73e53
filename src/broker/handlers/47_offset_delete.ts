/**
 * OffsetDelete, v0: forgets what a group committed for partitions.
 *
 * Behaviour: for topics that a member is subscribed to it is refused (GROUP_SUBSCRIBED_TO_TOPIC), and for all while a
 * group is in use whose members are no consumers (NON_EMPTY_GROUP). What was never committed is no error.
 * Not modelled: nothing.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { OffsetDeleteRequest, OffsetDeleteResponse } from "../../wire/messages/47_offset_delete.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";
import type { Group } from "../state/group.ts";
import { StorageError } from "../state/storage.ts";

const log = logger("broker");

type Request = Infer<typeof OffsetDeleteRequest>;
type Response = Input<typeof OffsetDeleteResponse>;
/** A partition whose offset is to be forgotten. */
interface Doomed {
  readonly topic: string;
  readonly partition: number;
}

export const offsetDelete = defineApi(OffsetDeleteRequest, OffsetDeleteResponse, (request, { state }) => {
  const { groupId } = request;
  const group = state.groups.get(groupId);
  if (groupId === "") return refused(ErrorCode.INVALID_GROUP_ID);
  if (group === undefined) return refused(ErrorCode.GROUP_ID_NOT_FOUND);
  if (group.state !== "Empty" && !group.isOfConsumers) return refused(ErrorCode.NON_EMPTY_GROUP);
  const doomed: Doomed[] = [];
  const response = judge(request, group, state, doomed);
  try {
    state.offsets.delete(groupId, doomed);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log.error(`Cannot delete offsets of group '${groupId}': ${describeError(error)}`);
    return refused(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  }
  return state.whenSafe([state.offsets], response, () => refused(ErrorCode.COORDINATOR_NOT_AVAILABLE));
});

/** The answer to each partition; what is to be forgotten goes to `doomed`. */
function judge({ topics }: Request, group: Group, state: BrokerState, doomed: Doomed[]): Response {
  const subscribed = group.subscribedTopics();
  return {
    errorCode: ErrorCode.NONE,
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        if (state.topics.partition(name, partitionIndex) === undefined) {
          return { partitionIndex, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
        }
        if (subscribed?.has(name) ?? true) {
          return { partitionIndex, errorCode: ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC };
        }
        doomed.push({ topic: name, partition: partitionIndex });
        return { partitionIndex, errorCode: ErrorCode.NONE };
      }),
    })),
  };
}

function refused(errorCode: number): Response {
  return { errorCode, throttleTimeMs: 0, topics: [] };
}
