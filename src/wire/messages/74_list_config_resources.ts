/**
 * ListConfigResources (API key 74): what there are configs of (KIP-1142); in version 0 subscriptions of client metrics only.
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
  int8,
  string,
  struct,
} from "../schema.ts";

export const ListConfigResourcesRequest = defineRequest({
  apiKey: 74,
  name: "ListConfigResourcesRequest",
  validVersions: "0-1",
  flexibleVersions: "0+",
  fields: {
    resourceTypes: array("1+", "int8"),
  },
});
export type ListConfigResourcesRequest = Infer<typeof ListConfigResourcesRequest>;

export const ListConfigResourcesResponse = defineResponse({
  apiKey: 74,
  name: "ListConfigResourcesResponse",
  validVersions: "0-1",
  flexibleVersions: "0+",
  fields: {
    throttleTimeMs: int32("0+"),
    errorCode: int16("0+"),
    configResources: array(
      "0+",
      struct("ConfigResource", {
        resourceName: string("0+"),
        resourceType: int8("1+", { default: 16 }),
      }),
    ),
  },
});
export type ListConfigResourcesResponse = Infer<typeof ListConfigResourcesResponse>;
