/**
 * ListOffsets (API key 2): offsets by time, and the ends of partitions.
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
  int8,
  string,
  struct,
} from "../schema.ts";

export const ListOffsetsRequest = defineRequest({
  apiKey: 2,
  name: "ListOffsetsRequest",
  validVersions: "1-11",
  flexibleVersions: "6+",
  fields: {
    replicaId: int32("0+"),
    isolationLevel: int8("2+"),
    topics: array(
      "0+",
      struct("ListOffsetsTopic", {
        name: string("0+"),
        partitions: array(
          "0+",
          struct("ListOffsetsPartition", {
            partitionIndex: int32("0+"),
            currentLeaderEpoch: int32("4+", { default: -1 }),
            timestamp: int64("0+"),
          }),
        ),
      }),
    ),
    timeoutMs: int32("10+"),
  },
});
export type ListOffsetsRequest = Infer<typeof ListOffsetsRequest>;

export const ListOffsetsResponse = defineResponse({
  apiKey: 2,
  name: "ListOffsetsResponse",
  validVersions: "1-11",
  flexibleVersions: "6+",
  fields: {
    throttleTimeMs: int32("2+"),
    topics: array(
      "0+",
      struct("ListOffsetsTopicResponse", {
        name: string("0+"),
        partitions: array(
          "0+",
          struct("ListOffsetsPartitionResponse", {
            partitionIndex: int32("0+"),
            errorCode: int16("0+"),
            timestamp: int64("1+", { default: -1n }),
            offset: int64("1+", { default: -1n }),
            leaderEpoch: int32("4+", { default: -1 }),
          }),
        ),
      }),
    ),
  },
});
export type ListOffsetsResponse = Infer<typeof ListOffsetsResponse>;
