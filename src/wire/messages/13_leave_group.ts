/**
 * LeaveGroup (API key 13): members leave their group.
 *
 * @module
 */
import { array, defineRequest, defineResponse, type Infer, int16, int32, string, struct } from "../schema.ts";

export const LeaveGroupRequest = defineRequest({
  apiKey: 13,
  name: "LeaveGroupRequest",
  validVersions: "0-5",
  flexibleVersions: "4+",
  fields: {
    groupId: string("0+"),
    memberId: string("0-2"),
    members: array(
      "3+",
      struct("MemberIdentity", {
        memberId: string("3+"),
        groupInstanceId: string("3+", { nullableVersions: "3+", default: null }),
        reason: string("5+", { nullableVersions: "5+", default: null }),
      }),
    ),
  },
});
export type LeaveGroupRequest = Infer<typeof LeaveGroupRequest>;

export const LeaveGroupResponse = defineResponse({
  apiKey: 13,
  name: "LeaveGroupResponse",
  validVersions: "0-5",
  flexibleVersions: "4+",
  fields: {
    throttleTimeMs: int32("1+"),
    errorCode: int16("0+"),
    members: array(
      "3+",
      struct("MemberResponse", {
        memberId: string("3+"),
        groupInstanceId: string("3+", { nullableVersions: "3+" }),
        errorCode: int16("3+"),
      }),
    ),
  },
});
export type LeaveGroupResponse = Infer<typeof LeaveGroupResponse>;
