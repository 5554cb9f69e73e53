/**
 * OffsetForLeaderEpoch (API key 23): where an epoch of a partition's leader ended.
 *
 * @module
 */
import {
  array,
  defineRequest,
  defineResponse,
  type Infer,
  int16,
  int32,
  int64,
  string,
  struct,
} from "../schema.ts";

export const OffsetForLeaderEpochRequest = defineRequest({
  apiKey: 23,
  name: "OffsetForLeaderEpochRequest",
  validVersions: "2-4",
  flexibleVersions: "4+",
  fields: {
    replicaId: int32("3+", { default: -2 }),
    topics: array(
      "0+",
      struct("OffsetForLeaderTopic", {
        topic: string("0+"),
        partitions: array(
          "0+",
          struct("OffsetForLeaderPartition", {
            partition: int32("0+"),
            currentLeaderEpoch: int32("2+", { default: -1 }),
            leaderEpoch: int32("0+"),
          }),
        ),
      }),
    ),
  },
});
export type OffsetForLeaderEpochRequest = Infer<typeof OffsetForLeaderEpochRequest>;

export const OffsetForLeaderEpochResponse = defineResponse({
  apiKey: 23,
  name: "OffsetForLeaderEpochResponse",
  validVersions: "2-4",
  flexibleVersions: "4+",
  fields: {
    throttleTimeMs: int32("2+"),
    topics: array(
      "0+",
      struct("OffsetForLeaderTopicResult", {
        topic: string("0+"),
        partitions: array(
          "0+",
          struct("EpochEndOffset", {
            errorCode: int16("0+"),
            partition: int32("0+"),
            leaderEpoch: int32("1+", { default: -1 }),
            endOffset: int64("0+", { default: -1n }),
          }),
        ),
      }),
    ),
  },
});
export type OffsetForLeaderEpochResponse = Infer<typeof OffsetForLeaderEpochResponse>;
