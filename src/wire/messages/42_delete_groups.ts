/**
 * DeleteGroups (API key 42): groups are removed.
 *
 * @module
 */
import { array, defineRequest, defineResponse, type Infer, int16, int32, string, struct } from "../schema.ts";

export const DeleteGroupsRequest = defineRequest({
  apiKey: 42,
  name: "DeleteGroupsRequest",
  validVersions: "0-2",
  flexibleVersions: "2+",
  fields: {
    groupsNames: array("0+", "string"),
  },
});
export type DeleteGroupsRequest = Infer<typeof DeleteGroupsRequest>;

export const DeleteGroupsResponse = defineResponse({
  apiKey: 42,
  name: "DeleteGroupsResponse",
  validVersions: "0-2",
  flexibleVersions: "2+",
  fields: {
    throttleTimeMs: int32("0+"),
    results: array(
      "0+",
      struct("DeletableGroupResult", {
        groupId: string("0+"),
        errorCode: int16("0+"),
      }),
    ),
  },
});
export type DeleteGroupsResponse = Infer<typeof DeleteGroupsResponse>;
