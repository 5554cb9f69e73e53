/**
 * InitProducerId (API key 22): an idempotent or transactional producer gets its id and epoch.
 *
 * @module
 */
import { bool, defineRequest, defineResponse, type Infer, int16, int32, int64, string } from "../schema.ts";

export const InitProducerIdRequest = defineRequest({
  apiKey: 22,
  name: "InitProducerIdRequest",
  validVersions: "0-6",
  flexibleVersions: "2+",
  fields: {
    transactionalId: string("0+", { nullableVersions: "0+" }),
    transactionTimeoutMs: int32("0+"),
    producerId: int64("3+", { default: -1n }),
    producerEpoch: int16("3+", { default: -1 }),
    enable2Pc: bool("6+", { default: false }),
    keepPreparedTxn: bool("6+", { default: false }),
  },
});
export type InitProducerIdRequest = Infer<typeof InitProducerIdRequest>;

export const InitProducerIdResponse = defineResponse({
  apiKey: 22,
  name: "InitProducerIdResponse",
  validVersions: "0-6",
  flexibleVersions: "2+",
  fields: {
    throttleTimeMs: int32("0+"),
    errorCode: int16("0+"),
    producerId: int64("0+", { default: -1n }),
    producerEpoch: int16("0+"),
    ongoingTxnProducerId: int64("6+", { default: -1n }),
    ongoingTxnProducerEpoch: int16("6+", { default: -1 }),
  },
});
export type InitProducerIdResponse = Infer<typeof InitProducerIdResponse>;
