/**
 * DescribeProducers (API key 61): a partition's producers are asked for.
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

export const DescribeProducersRequest = defineRequest({
  apiKey: 61,
  name: "DescribeProducersRequest",
  validVersions: "0",
  flexibleVersions: "0+",
  fields: {
    topics: array(
      "0+",
      struct("TopicRequest", { name: string("0+"), partitionIndexes: array("0+", "int32") }),
    ),
  },
});
export type DescribeProducersRequest = Infer<typeof DescribeProducersRequest>;

export const DescribeProducersResponse = defineResponse({
  apiKey: 61,
  name: "DescribeProducersResponse",
  validVersions: "0",
  flexibleVersions: "0+",
  fields: {
    throttleTimeMs: int32("0+"),
    topics: array(
      "0+",
      struct("TopicResponse", {
        name: string("0+"),
        partitions: array(
          "0+",
          struct("PartitionResponse", {
            partitionIndex: int32("0+"),
            errorCode: int16("0+"),
            errorMessage: string("0+", { nullableVersions: "0+", default: null }),
            activeProducers: array(
              "0+",
              struct("ProducerState", {
                producerId: int64("0+"),
                producerEpoch: int32("0+"),
                lastSequence: int32("0+", { default: -1 }),
                lastTimestamp: int64("0+", { default: -1n }),
                coordinatorEpoch: int32("0+"),
                currentTxnStartOffset: int64("0+", { default: -1n }),
              }),
            ),
          }),
        ),
      }),
    ),
  },
});
export type DescribeProducersResponse = Infer<typeof DescribeProducersResponse>;
