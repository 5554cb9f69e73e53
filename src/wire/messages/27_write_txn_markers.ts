/**
 * WriteTxnMarkers: ends transactions in partitions; what a coordinator tells a partition's leader, or a person by
 * kafka-transactions.
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
  int8,
  string,
  struct,
} from "../schema.ts";

export const WriteTxnMarkersRequest = defineRequest({
  apiKey: 27,
  name: "WriteTxnMarkersRequest",
  validVersions: "1-2",
  flexibleVersions: "1+",
  fields: {
    markers: array(
      "0+",
      struct("WritableTxnMarker", {
        producerId: int64("0+"),
        producerEpoch: int16("0+"),
        transactionResult: bool("0+"),
        topics: array(
          "0+",
          struct("WritableTxnMarkerTopic", { name: string("0+"), partitionIndexes: array("0+", "int32") }),
        ),
        coordinatorEpoch: int32("0+"),
        transactionVersion: int8("2+", { default: 0 }),
      }),
    ),
  },
});
export type WriteTxnMarkersRequest = Infer<typeof WriteTxnMarkersRequest>;

export const WriteTxnMarkersResponse = defineResponse({
  apiKey: 27,
  name: "WriteTxnMarkersResponse",
  validVersions: "1-2",
  flexibleVersions: "1+",
  fields: {
    markers: array(
      "0+",
      struct("WritableTxnMarkerResult", {
        producerId: int64("0+"),
        topics: array(
          "0+",
          struct("WritableTxnMarkerTopicResult", {
            name: string("0+"),
            partitions: array(
              "0+",
              struct("WritableTxnMarkerPartitionResult", {
                partitionIndex: int32("0+"),
                errorCode: int16("0+"),
              }),
            ),
          }),
        ),
      }),
    ),
  },
});
export type WriteTxnMarkersResponse = Infer<typeof WriteTxnMarkersResponse>;
