/**
 * EndTxn (API key 26): a transaction is committed or aborted.
 *
 * @module
 */
import { bool, defineRequest, defineResponse, type Infer, int16, int32, int64, string } from "../schema.ts";

export const EndTxnRequest = defineRequest({
  apiKey: 26,
  name: "EndTxnRequest",
  validVersions: "0-5",
  flexibleVersions: "3+",
  fields: {
    transactionalId: string("0+"),
    producerId: int64("0+"),
    producerEpoch: int16("0+"),
    committed: bool("0+"),
  },
});
export type EndTxnRequest = Infer<typeof EndTxnRequest>;

export const EndTxnResponse = defineResponse({
  apiKey: 26,
  name: "EndTxnResponse",
  validVersions: "0-5",
  flexibleVersions: "3+",
  fields: {
    throttleTimeMs: int32("0+"),
    errorCode: int16("0+"),
    producerId: int64("5+", { default: -1n }),
    producerEpoch: int16("5+", { default: -1 }),
  },
});
export type EndTxnResponse = Infer<typeof EndTxnResponse>;
