/**
 * DescribeTopicPartitions (API key 75): the partitions of topics are asked for, page by page.
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
  string,
  struct,
  structure,
  uuid,
} from "../schema.ts";

export const DescribeTopicPartitionsRequest = defineRequest({
  apiKey: 75,
  name: "DescribeTopicPartitionsRequest",
  validVersions: "0",
  flexibleVersions: "0+",
  fields: {
    topics: array("0+", struct("TopicRequest", { name: string("0+") })),
    responsePartitionLimit: int32("0+", { default: 2000 }),
    cursor: structure("0+", struct("Cursor", { topicName: string("0+"), partitionIndex: int32("0+") }), {
      nullableVersions: "0+",
      default: null,
    }),
  },
});
export type DescribeTopicPartitionsRequest = Infer<typeof DescribeTopicPartitionsRequest>;

export const DescribeTopicPartitionsResponse = defineResponse({
  apiKey: 75,
  name: "DescribeTopicPartitionsResponse",
  validVersions: "0",
  flexibleVersions: "0+",
  fields: {
    throttleTimeMs: int32("0+"),
    topics: array(
      "0+",
      struct("DescribeTopicPartitionsResponseTopic", {
        errorCode: int16("0+"),
        name: string("0+", { nullableVersions: "0+" }),
        topicId: uuid("0+"),
        isInternal: bool("0+", { default: false }),
        partitions: array(
          "0+",
          struct("DescribeTopicPartitionsResponsePartition", {
            errorCode: int16("0+"),
            partitionIndex: int32("0+"),
            leaderId: int32("0+"),
            leaderEpoch: int32("0+", { default: -1 }),
            replicaNodes: array("0+", "int32"),
            isrNodes: array("0+", "int32"),
            eligibleLeaderReplicas: array("0+", "int32", { nullableVersions: "0+", default: null }),
            lastKnownElr: array("0+", "int32", { nullableVersions: "0+", default: null }),
            offlineReplicas: array("0+", "int32"),
          }),
        ),
        topicAuthorizedOperations: int32("0+", { default: -2147483648 }),
      }),
    ),
    nextCursor: structure("0+", struct("Cursor", { topicName: string("0+"), partitionIndex: int32("0+") }), {
      nullableVersions: "0+",
      default: null,
    }),
  },
});
export type DescribeTopicPartitionsResponse = Infer<typeof DescribeTopicPartitionsResponse>;
