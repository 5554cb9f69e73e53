/**
 * TxnOffsetCommit (API key 28): offsets are committed in a transaction.
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

export const TxnOffsetCommitRequest = defineRequest({
  apiKey: 28,
  name: "TxnOffsetCommitRequest",
  validVersions: "0-5",
  flexibleVersions: "3+",
  fields: {
    transactionalId: string("0+"),
    groupId: string("0+"),
    producerId: int64("0+"),
    producerEpoch: int16("0+"),
    generationId: int32("3+", { default: -1 }),
    memberId: string("3+", { default: "" }),
    groupInstanceId: string("3+", { nullableVersions: "3+", default: null }),
    topics: array(
      "0+",
      struct("TxnOffsetCommitRequestTopic", {
        name: string("0+"),
        partitions: array(
          "0+",
          struct("TxnOffsetCommitRequestPartition", {
            partitionIndex: int32("0+"),
            committedOffset: int64("0+"),
            committedLeaderEpoch: int32("2+", { default: -1 }),
            committedMetadata: string("0+", { nullableVersions: "0+" }),
          }),
        ),
      }),
    ),
  },
});
export type TxnOffsetCommitRequest = Infer<typeof TxnOffsetCommitRequest>;

export const TxnOffsetCommitResponse = defineResponse({
  apiKey: 28,
  name: "TxnOffsetCommitResponse",
  validVersions: "0-5",
  flexibleVersions: "3+",
  fields: {
    throttleTimeMs: int32("0+"),
    topics: array(
      "0+",
      struct("TxnOffsetCommitResponseTopic", {
        name: string("0+"),
        partitions: array(
          "0+",
          struct("TxnOffsetCommitResponsePartition", { partitionIndex: int32("0+"), errorCode: int16("0+") }),
        ),
      }),
    ),
  },
});
export type TxnOffsetCommitResponse = Infer<typeof TxnOffsetCommitResponse>;
