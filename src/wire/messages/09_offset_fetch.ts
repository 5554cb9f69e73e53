/**
 * OffsetFetch (API key 9): a group's positions are asked for.
 *
 * @module
 */
import {
  array,
  bool,
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

export const OffsetFetchRequest = defineRequest({
  apiKey: 9,
  name: "OffsetFetchRequest",
  validVersions: "1-10",
  flexibleVersions: "6+",
  fields: {
    groupId: string("0-7"),
    topics: array(
      "0-7",
      struct("OffsetFetchRequestTopic", {
        name: string("0-7"),
        partitionIndexes: array("0-7", "int32"),
      }),
      { nullableVersions: "2-7" },
    ),
    groups: array(
      "8+",
      struct("OffsetFetchRequestGroup", {
        groupId: string("8+"),
        memberId: string("9+", { nullableVersions: "9+", default: null }),
        memberEpoch: int32("9+", { default: -1 }),
        topics: array(
          "8+",
          struct("OffsetFetchRequestTopics", {
            name: string("8-9"),
            topicId: uuid("10+"),
            partitionIndexes: array("8+", "int32"),
          }),
          { nullableVersions: "8+" },
        ),
      }),
    ),
    requireStable: bool("7+", { default: false }),
  },
});
export type OffsetFetchRequest = Infer<typeof OffsetFetchRequest>;

export const OffsetFetchResponse = defineResponse({
  apiKey: 9,
  name: "OffsetFetchResponse",
  validVersions: "1-10",
  flexibleVersions: "6+",
  fields: {
    throttleTimeMs: int32("3+"),
    topics: array(
      "0-7",
      struct("OffsetFetchResponseTopic", {
        name: string("0-7"),
        partitions: array(
          "0-7",
          struct("OffsetFetchResponsePartition", {
            partitionIndex: int32("0-7"),
            committedOffset: int64("0-7"),
            committedLeaderEpoch: int32("5-7", { default: -1 }),
            metadata: string("0-7", { nullableVersions: "0-7" }),
            errorCode: int16("0-7"),
          }),
        ),
      }),
    ),
    errorCode: int16("2-7", { default: 0 }),
    groups: array(
      "8+",
      struct("OffsetFetchResponseGroup", {
        groupId: string("8+"),
        topics: array(
          "8+",
          struct("OffsetFetchResponseTopics", {
            name: string("8-9"),
            topicId: uuid("10+"),
            partitions: array(
              "8+",
              struct("OffsetFetchResponsePartitions", {
                partitionIndex: int32("8+"),
                committedOffset: int64("8+"),
                committedLeaderEpoch: int32("8+", { default: -1 }),
                metadata: string("8+", { nullableVersions: "8+" }),
                errorCode: int16("8+"),
              }),
            ),
          }),
        ),
        errorCode: int16("8+", { default: 0 }),
      }),
    ),
  },
});
export type OffsetFetchResponse = Infer<typeof OffsetFetchResponse>;
