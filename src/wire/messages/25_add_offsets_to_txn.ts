/**
 * AddOffsetsToTxn (API key 25): a group's offsets become part of a transaction.
 *
 * @module
 */
import { defineRequest, defineResponse, type Infer, int16, int32, int64, string } from "../schema.ts";

export const AddOffsetsToTxnRequest = defineRequest({
  apiKey: 25,
  name: "AddOffsetsToTxnRequest",
  validVersions: "0-4",
  flexibleVersions: "3+",
  fields: {
    transactionalId: string("0+"),
    producerId: int64("0+"),
    producerEpoch: int16("0+"),
    groupId: string("0+"),
  },
});
export type AddOffsetsToTxnRequest = Infer<typeof AddOffsetsToTxnRequest>;

export const AddOffsetsToTxnResponse = defineResponse({
  apiKey: 25,
  name: "AddOffsetsToTxnResponse",
  validVersions: "0-4",
  flexibleVersions: "3+",
  fields: { throttleTimeMs: int32("0+"), errorCode: int16("0+") },
});
export type AddOffsetsToTxnResponse = Infer<typeof AddOffsetsToTxnResponse>;
