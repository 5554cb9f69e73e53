/**
 * OffsetForLeaderEpoch, v2-4: where a leader's epoch ended.
 *
 * Behaviour: one node leads for ever in epoch 0, which ends where the log does.
 * Not modelled: other epochs (none there: -1).
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import {
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
} from "../../wire/messages/23_offset_for_leader_epoch.ts";
import { defineApi } from "../api.ts";
import { LEADER_EPOCH } from "../state/partition.ts";

const UNDEFINED_EPOCH = -1;

export const offsetForLeaderEpoch = defineApi(
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
  (request, { state }) => ({
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition: index, currentLeaderEpoch, leaderEpoch }) => {
        const partition = state.topics.partition(topic, index);
        const none = { partition: index, leaderEpoch: UNDEFINED_EPOCH, endOffset: -1n };
        if (partition === undefined) return { ...none, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
        if (currentLeaderEpoch > LEADER_EPOCH) return { ...none, errorCode: ErrorCode.UNKNOWN_LEADER_EPOCH };
        if (leaderEpoch !== LEADER_EPOCH) return { ...none, errorCode: ErrorCode.NONE };
        return {
          partition: index,
          errorCode: ErrorCode.NONE,
          leaderEpoch,
          endOffset: partition.highWatermark,
        };
      }),
    })),
  }),
);
