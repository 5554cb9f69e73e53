/**
 * ListGroups (API key 16): the groups that a broker looks after.
 *
 * @module
 */
import { array, defineRequest, defineResponse, type Infer, int16, int32, string, struct } from "../schema.ts";

export const ListGroupsRequest = defineRequest({
  apiKey: 16,
  name: "ListGroupsRequest",
  validVersions: "0-5",
  flexibleVersions: "3+",
  fields: {
    statesFilter: array("4+", "string"),
    typesFilter: array("5+", "string"),
  },
});
export type ListGroupsRequest = Infer<typeof ListGroupsRequest>;

export const ListGroupsResponse = defineResponse({
  apiKey: 16,
  name: "ListGroupsResponse",
  validVersions: "0-5",
  flexibleVersions: "3+",
  fields: {
    throttleTimeMs: int32("1+"),
    errorCode: int16("0+"),
    groups: array(
      "0+",
      struct("ListedGroup", {
        groupId: string("0+"),
        protocolType: string("0+"),
        groupState: string("4+"),
        groupType: string("5+"),
      }),
    ),
  },
});
export type ListGroupsResponse = Infer<typeof ListGroupsResponse>;
