/**
 * AddPartitionsToTxn (API key 24): partitions become part of a transaction.
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
} from "../schema.ts";

export const AddPartitionsToTxnRequest = defineRequest({
  apiKey: 24,
  name: "AddPartitionsToTxnRequest",
  validVersions: "0-5",
  flexibleVersions: "3+",
  fields: {
    transactions: array(
      "4+",
      struct("AddPartitionsToTxnTransaction", {
        transactionalId: string("4+"),
        producerId: int64("4+"),
        producerEpoch: int16("4+"),
        verifyOnly: bool("4+", { default: false }),
        topics: array(
          "4+",
          struct("AddPartitionsToTxnTopic", { name: string("0+"), partitions: array("0+", "int32") }),
        ),
      }),
    ),
    v3AndBelowTransactionalId: string("0-3"),
    v3AndBelowProducerId: int64("0-3"),
    v3AndBelowProducerEpoch: int16("0-3"),
    v3AndBelowTopics: array(
      "0-3",
      struct("AddPartitionsToTxnTopic", { name: string("0+"), partitions: array("0+", "int32") }),
    ),
  },
});
export type AddPartitionsToTxnRequest = Infer<typeof AddPartitionsToTxnRequest>;

export const AddPartitionsToTxnResponse = defineResponse({
  apiKey: 24,
  name: "AddPartitionsToTxnResponse",
  validVersions: "0-5",
  flexibleVersions: "3+",
  fields: {
    throttleTimeMs: int32("0+"),
    errorCode: int16("4+"),
    resultsByTransaction: array(
      "4+",
      struct("AddPartitionsToTxnResult", {
        transactionalId: string("4+"),
        topicResults: array(
          "4+",
          struct("AddPartitionsToTxnTopicResult", {
            name: string("0+"),
            resultsByPartition: array(
              "0+",
              struct("AddPartitionsToTxnPartitionResult", {
                partitionIndex: int32("0+"),
                partitionErrorCode: int16("0+"),
              }),
            ),
          }),
        ),
      }),
    ),
    resultsByTopicV3AndBelow: array(
      "0-3",
      struct("AddPartitionsToTxnTopicResult", {
        name: string("0+"),
        resultsByPartition: array(
          "0+",
          struct("AddPartitionsToTxnPartitionResult", {
            partitionIndex: int32("0+"),
            partitionErrorCode: int16("0+"),
          }),
        ),
      }),
    ),
  },
});
export type AddPartitionsToTxnResponse = Infer<typeof AddPartitionsToTxnResponse>;
