/**
 * DescribeGroups (API key 15): groups, their state and members.
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

export const DescribeGroupsRequest = defineRequest({
  apiKey: 15,
  name: "DescribeGroupsRequest",
  validVersions: "0-6",
  flexibleVersions: "5+",
  fields: {
    groups: array("0+", "string"),
    includeAuthorizedOperations: bool("3+"),
  },
});
export type DescribeGroupsRequest = Infer<typeof DescribeGroupsRequest>;

export const DescribeGroupsResponse = defineResponse({
  apiKey: 15,
  name: "DescribeGroupsResponse",
  validVersions: "0-6",
  flexibleVersions: "5+",
  fields: {
    throttleTimeMs: int32("1+"),
    groups: array(
      "0+",
      struct("DescribedGroup", {
        errorCode: int16("0+"),
        errorMessage: string("6+", { nullableVersions: "6+", default: null }),
        groupId: string("0+"),
        groupState: string("0+"),
        protocolType: string("0+"),
        protocolData: string("0+"),
        members: array(
          "0+",
          struct("DescribedGroupMember", {
            memberId: string("0+"),
            groupInstanceId: string("4+", { nullableVersions: "4+", default: null }),
            clientId: string("0+"),
            clientHost: string("0+"),
            memberMetadata: bytes("0+"),
            memberAssignment: bytes("0+"),
          }),
        ),
        authorizedOperations: int32("3+", { default: -2147483648 }),
      }),
    ),
  },
});
export type DescribeGroupsResponse = Infer<typeof DescribeGroupsResponse>;
