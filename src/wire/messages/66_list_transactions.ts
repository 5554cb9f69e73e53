/**
 * ListTransactions (API key 66): transactions are asked for by state.
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

export const ListTransactionsRequest = defineRequest({
  apiKey: 66,
  name: "ListTransactionsRequest",
  validVersions: "0-2",
  flexibleVersions: "0+",
  fields: {
    stateFilters: array("0+", "string"),
    producerIdFilters: array("0+", "int64"),
    durationFilter: int64("1+", { default: -1n }),
    transactionalIdPattern: string("2+", { nullableVersions: "2+", default: null }),
  },
});
export type ListTransactionsRequest = Infer<typeof ListTransactionsRequest>;

export const ListTransactionsResponse = defineResponse({
  apiKey: 66,
  name: "ListTransactionsResponse",
  validVersions: "0-2",
  flexibleVersions: "0+",
  fields: {
    throttleTimeMs: int32("0+"),
    errorCode: int16("0+"),
    unknownStateFilters: array("0+", "string"),
    transactionStates: array(
      "0+",
      struct("TransactionState", {
        transactionalId: string("0+"),
        producerId: int64("0+"),
        transactionState: string("0+"),
      }),
    ),
  },
});
export type ListTransactionsResponse = Infer<typeof ListTransactionsResponse>;
