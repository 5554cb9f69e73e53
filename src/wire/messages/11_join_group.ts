/**
 * JoinGroup (API key 11): a member enters a group, or a new generation of it.
 *
 * @module
 */
import {
  array,
  bool,
  bytes,
  defineRequest,
  defineResponse,
  type Infer,
  int16,
  int32,
  string,
  struct,
} from "../schema.ts";

export const JoinGroupRequest = defineRequest({
  apiKey: 11,
  name: "JoinGroupRequest",
  validVersions: "0-9",
  flexibleVersions: "6+",
  fields: {
    groupId: string("0+"),
    sessionTimeoutMs: int32("0+"),
    rebalanceTimeoutMs: int32("1+", { default: -1 }),
    memberId: string("0+"),
    groupInstanceId: string("5+", { nullableVersions: "5+", default: null }),
    protocolType: string("0+"),
    protocols: array(
      "0+",
      struct("JoinGroupRequestProtocol", {
        name: string("0+"),
        metadata: bytes("0+"),
      }),
    ),
    reason: string("8+", { nullableVersions: "8+", default: null }),
  },
});
export type JoinGroupRequest = Infer<typeof JoinGroupRequest>;

export const JoinGroupResponse = defineResponse({
  apiKey: 11,
  name: "JoinGroupResponse",
  validVersions: "0-9",
  flexibleVersions: "6+",
  fields: {
    throttleTimeMs: int32("2+"),
    errorCode: int16("0+"),
    generationId: int32("0+", { default: -1 }),
    protocolType: string("7+", { nullableVersions: "7+", default: null }),
    protocolName: string("0+", { nullableVersions: "7+" }),
    leader: string("0+"),
    skipAssignment: bool("9+", { default: false }),
    memberId: string("0+"),
    members: array(
      "0+",
      struct("JoinGroupResponseMember", {
        memberId: string("0+"),
        groupInstanceId: string("5+", { nullableVersions: "5+", default: null }),
        metadata: bytes("0+"),
      }),
    ),
  },
});
export type JoinGroupResponse = Infer<typeof JoinGroupResponse>;
