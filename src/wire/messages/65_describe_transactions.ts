/**
 * DescribeTransactions (API key 65): transactions are asked for by id.
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

export const DescribeTransactionsRequest = defineRequest({
  apiKey: 65,
  name: "DescribeTransactionsRequest",
  validVersions: "0",
  flexibleVersions: "0+",
  fields: { transactionalIds: array("0+", "string") },
});
export type DescribeTransactionsRequest = Infer<typeof DescribeTransactionsRequest>;

export const DescribeTransactionsResponse = defineResponse({
  apiKey: 65,
  name: "DescribeTransactionsResponse",
  validVersions: "0",
  flexibleVersions: "0+",
  fields: {
    throttleTimeMs: int32("0+"),
    transactionStates: array(
      "0+",
      struct("TransactionState", {
        errorCode: int16("0+"),
        transactionalId: string("0+"),
        transactionState: string("0+"),
        transactionTimeoutMs: int32("0+"),
        transactionStartTimeMs: int64("0+"),
        producerId: int64("0+"),
        producerEpoch: int16("0+"),
        topics: array("0+", struct("TopicData", { topic: string("0+"), partitions: array("0+", "int32") })),
      }),
    ),
  },
});
export type DescribeTransactionsResponse = Infer<typeof DescribeTransactionsResponse>;
