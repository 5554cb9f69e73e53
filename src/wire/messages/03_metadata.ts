/**
 * Metadata (API key 3): brokers, topics, partitions and their leaders.
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
  uuid,
} from "../schema.ts";

export const MetadataRequest = defineRequest({
  apiKey: 3,
  name: "MetadataRequest",
  validVersions: "0-13",
  flexibleVersions: "9+",
  fields: {
    topics: array(
      "0+",
      struct("MetadataRequestTopic", {
        topicId: uuid("10+"),
        name: string("0+", { nullableVersions: "10+" }),
      }),
      { nullableVersions: "1+" },
    ),
    allowAutoTopicCreation: bool("4+", { default: true }),
    includeClusterAuthorizedOperations: bool("8-10"),
    includeTopicAuthorizedOperations: bool("8+"),
  },
});
export type MetadataRequest = Infer<typeof MetadataRequest>;

export const MetadataResponse = defineResponse({
  apiKey: 3,
  name: "MetadataResponse",
  validVersions: "0-13",
  flexibleVersions: "9+",
  fields: {
    throttleTimeMs: int32("3+"),
    brokers: array(
      "0+",
      struct("MetadataResponseBroker", {
        nodeId: int32("0+"),
        host: string("0+"),
        port: int32("0+"),
        rack: string("1+", { nullableVersions: "1+", default: null }),
      }),
    ),
    clusterId: string("2+", { nullableVersions: "2+", default: null }),
    controllerId: int32("1+", { default: -1 }),
    topics: array(
      "0+",
      struct("MetadataResponseTopic", {
        errorCode: int16("0+"),
        name: string("0+", { nullableVersions: "12+" }),
        topicId: uuid("10+"),
        isInternal: bool("1+", { default: false }),
        partitions: array(
          "0+",
          struct("MetadataResponsePartition", {
            errorCode: int16("0+"),
            partitionIndex: int32("0+"),
            leaderId: int32("0+"),
            leaderEpoch: int32("7+", { default: -1 }),
            replicaNodes: array("0+", "int32"),
            isrNodes: array("0+", "int32"),
            offlineReplicas: array("5+", "int32"),
          }),
        ),
        topicAuthorizedOperations: int32("8+", { default: -2147483648 }),
      }),
    ),
    clusterAuthorizedOperations: int32("8-10", { default: -2147483648 }),
    errorCode: int16("13+"),
  },
});
export type MetadataResponse = Infer<typeof MetadataResponse>;
