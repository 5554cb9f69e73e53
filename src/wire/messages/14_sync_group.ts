/**
 * SyncGroup (API key 14): the leader's assignment reaches the members.
 *
 * @module
 */
import {
  array,
  bytes,
  defineRequest,
  defineResponse,
  type Infer,
  int16,
  int32,
  string,
  struct,
} from "../schema.ts";

export const SyncGroupRequest = defineRequest({
  apiKey: 14,
  name: "SyncGroupRequest",
  validVersions: "0-5",
  flexibleVersions: "4+",
  fields: {
    groupId: string("0+"),
    generationId: int32("0+"),
    memberId: string("0+"),
    groupInstanceId: string("3+", { nullableVersions: "3+", default: null }),
    protocolType: string("5+", { nullableVersions: "5+", default: null }),
    protocolName: string("5+", { nullableVersions: "5+", default: null }),
    assignments: array(
      "0+",
      struct("SyncGroupRequestAssignment", {
        memberId: string("0+"),
        assignment: bytes("0+"),
      }),
    ),
  },
});
export type SyncGroupRequest = Infer<typeof SyncGroupRequest>;

export const SyncGroupResponse = defineResponse({
  apiKey: 14,
  name: "SyncGroupResponse",
  validVersions: "0-5",
  flexibleVersions: "4+",
  fields: {
    throttleTimeMs: int32("1+"),
    errorCode: int16("0+"),
    protocolType: string("5+", { nullableVersions: "5+", default: null }),
    protocolName: string("5+", { nullableVersions: "5+", default: null }),
    assignment: bytes("0+"),
  },
});
export type SyncGroupResponse = Infer<typeof SyncGroupResponse>;
