/**
 * Fetch (API key 1): record batches come out of partitions.
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
  records,
  string,
  struct,
  structure,
  uuid,
} from "../schema.ts";

export const FetchRequest = defineRequest({
  apiKey: 1,
  name: "FetchRequest",
  validVersions: "4-18",
  flexibleVersions: "12+",
  fields: {
    clusterId: string("12+", { nullableVersions: "12+", tag: 0, taggedVersions: "12+", default: null }),
    replicaId: int32("0-14", { default: -1 }),
    replicaState: structure(
      "15+",
      struct("ReplicaState", {
        replicaId: int32("15+", { default: -1 }),
        replicaEpoch: int64("15+", { default: -1n }),
      }),
      { tag: 1, taggedVersions: "15+" },
    ),
    maxWaitMs: int32("0+"),
    minBytes: int32("0+"),
    maxBytes: int32("3+", { default: 0x7fffffff }),
    isolationLevel: int8("4+", { default: 0 }),
    sessionId: int32("7+", { default: 0 }),
    sessionEpoch: int32("7+", { default: -1 }),
    topics: array(
      "0+",
      struct("FetchTopic", {
        topic: string("0-12"),
        topicId: uuid("13+"),
        partitions: array(
          "0+",
          struct("FetchPartition", {
            partition: int32("0+"),
            currentLeaderEpoch: int32("9+", { default: -1 }),
            fetchOffset: int64("0+"),
            lastFetchedEpoch: int32("12+", { default: -1 }),
            logStartOffset: int64("5+", { default: -1n }),
            partitionMaxBytes: int32("0+"),
            replicaDirectoryId: uuid("17+", { tag: 0, taggedVersions: "17+" }),
            highWatermark: int64("18+", { tag: 1, taggedVersions: "18+", default: 9223372036854775807n }),
          }),
        ),
      }),
    ),
    forgottenTopicsData: array(
      "7+",
      struct("ForgottenTopic", {
        topic: string("7-12"),
        topicId: uuid("13+"),
        partitions: array("7+", "int32"),
      }),
    ),
    rackId: string("11+", { default: "" }),
  },
});
export type FetchRequest = Infer<typeof FetchRequest>;

export const FetchResponse = defineResponse({
  apiKey: 1,
  name: "FetchResponse",
  validVersions: "4-18",
  flexibleVersions: "12+",
  fields: {
    throttleTimeMs: int32("1+"),
    errorCode: int16("7+"),
    sessionId: int32("7+", { default: 0 }),
    responses: array(
      "0+",
      struct("FetchableTopicResponse", {
        topic: string("0-12"),
        topicId: uuid("13+"),
        partitions: array(
          "0+",
          struct("PartitionData", {
            partitionIndex: int32("0+"),
            errorCode: int16("0+"),
            highWatermark: int64("0+"),
            lastStableOffset: int64("4+", { default: -1n }),
            logStartOffset: int64("5+", { default: -1n }),
            divergingEpoch: structure(
              "12+",
              struct("EpochEndOffset", {
                epoch: int32("12+", { default: -1 }),
                endOffset: int64("12+", { default: -1n }),
              }),
              { tag: 0, taggedVersions: "12+" },
            ),
            currentLeader: structure(
              "12+",
              struct("LeaderIdAndEpoch", {
                leaderId: int32("12+", { default: -1 }),
                leaderEpoch: int32("12+", { default: -1 }),
              }),
              { tag: 1, taggedVersions: "12+" },
            ),
            snapshotId: structure(
              "12+",
              struct("SnapshotId", {
                endOffset: int64("0+", { default: -1n }),
                epoch: int32("0+", { default: -1 }),
              }),
              { tag: 2, taggedVersions: "12+" },
            ),
            abortedTransactions: array(
              "4+",
              struct("AbortedTransaction", {
                producerId: int64("4+"),
                firstOffset: int64("4+"),
              }),
              { nullableVersions: "4+" },
            ),
            preferredReadReplica: int32("11+", { default: -1 }),
            records: records("0+", { nullableVersions: "0+" }),
          }),
        ),
      }),
    ),
    nodeEndpoints: array(
      "16+",
      struct("NodeEndpoint", {
        nodeId: int32("16+"),
        host: string("16+"),
        port: int32("16+"),
        rack: string("16+", { nullableVersions: "16+", default: null }),
      }),
      { tag: 0, taggedVersions: "16+" },
    ),
  },
});
export type FetchResponse = Infer<typeof FetchResponse>;
