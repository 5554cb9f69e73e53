/**
 * OffsetCommit (API key 8): a group's positions are kept.
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
  uuid,
} from "../schema.ts";

export const OffsetCommitRequest = defineRequest({
  apiKey: 8,
  name: "OffsetCommitRequest",
  validVersions: "2-10",
  flexibleVersions: "8+",
  fields: {
    groupId: string("0+"),
    generationIdOrMemberEpoch: int32("1+", { default: -1 }),
    memberId: string("1+"),
    groupInstanceId: string("7+", { nullableVersions: "7+", default: null }),
    retentionTimeMs: int64("2-4", { default: -1n }),
    topics: array(
      "0+",
      struct("OffsetCommitRequestTopic", {
        name: string("0-9"),
        topicId: uuid("10+"),
        partitions: array(
          "0+",
          struct("OffsetCommitRequestPartition", {
            partitionIndex: int32("0+"),
            committedOffset: int64("0+"),
            committedLeaderEpoch: int32("6+", { default: -1 }),
            committedMetadata: string("0+", { nullableVersions: "0+" }),
          }),
        ),
      }),
    ),
  },
});
export type OffsetCommitRequest = Infer<typeof OffsetCommitRequest>;

export const OffsetCommitResponse = defineResponse({
  apiKey: 8,
  name: "OffsetCommitResponse",
  validVersions: "2-10",
  flexibleVersions: "8+",
  fields: {
    throttleTimeMs: int32("3+"),
    topics: array(
      "0+",
      struct("OffsetCommitResponseTopic", {
        name: string("0-9"),
        topicId: uuid("10+"),
        partitions: array(
          "0+",
          struct("OffsetCommitResponsePartition", {
            partitionIndex: int32("0+"),
            errorCode: int16("0+"),
          }),
        ),
      }),
    ),
  },
});
export type OffsetCommitResponse = Infer<typeof OffsetCommitResponse>;
