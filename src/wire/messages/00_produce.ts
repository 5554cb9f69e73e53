/**
 * Produce (API key 0): record batches go into partitions.
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
  records,
  string,
  struct,
  structure,
  uuid,
} from "../schema.ts";

export const ProduceRequest = defineRequest({
  apiKey: 0,
  name: "ProduceRequest",
  validVersions: "3-13",
  flexibleVersions: "9+",
  fields: {
    transactionalId: string("3+", { nullableVersions: "3+", default: null }),
    acks: int16("0+"),
    timeoutMs: int32("0+"),
    topicData: array(
      "0+",
      struct("TopicProduceData", {
        name: string("0-12"),
        topicId: uuid("13+"),
        partitionData: array(
          "0+",
          struct("PartitionProduceData", {
            index: int32("0+"),
            records: records("0+", { nullableVersions: "0+" }),
          }),
        ),
      }),
    ),
  },
});
export type ProduceRequest = Infer<typeof ProduceRequest>;

export const ProduceResponse = defineResponse({
  apiKey: 0,
  name: "ProduceResponse",
  validVersions: "3-13",
  flexibleVersions: "9+",
  fields: {
    responses: array(
      "0+",
      struct("TopicProduceResponse", {
        name: string("0-12"),
        topicId: uuid("13+"),
        partitionResponses: array(
          "0+",
          struct("PartitionProduceResponse", {
            index: int32("0+"),
            errorCode: int16("0+"),
            baseOffset: int64("0+"),
            logAppendTimeMs: int64("2+", { default: -1n }),
            logStartOffset: int64("5+", { default: -1n }),
            recordErrors: array(
              "8+",
              struct("BatchIndexAndErrorMessage", {
                batchIndex: int32("8+"),
                batchIndexErrorMessage: string("8+", { nullableVersions: "8+", default: null }),
              }),
            ),
            errorMessage: string("8+", { nullableVersions: "8+", default: null }),
            currentLeader: structure(
              "10+",
              struct("LeaderIdAndEpoch", {
                leaderId: int32("10+", { default: -1 }),
                leaderEpoch: int32("10+", { default: -1 }),
              }),
              { tag: 0, taggedVersions: "10+" },
            ),
          }),
        ),
      }),
    ),
    throttleTimeMs: int32("1+", { default: 0 }),
    nodeEndpoints: array(
      "10+",
      struct("NodeEndpoint", {
        nodeId: int32("10+"),
        host: string("10+"),
        port: int32("10+"),
        rack: string("10+", { nullableVersions: "10+", default: null }),
      }),
      { tag: 0, taggedVersions: "10+" },
    ),
  },
});
export type ProduceResponse = Infer<typeof ProduceResponse>;
