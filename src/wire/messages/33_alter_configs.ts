/**
 * AlterConfigs (API key 33): configs are replaced.
 *
 * @module
 */
import {
  array,
  bool,
  defineRequest,
  defineResponse,
  type Infer,
  int16,
  int32,
  int8,
  string,
  struct,
} from "../schema.ts";

export const AlterConfigsRequest = defineRequest({
  apiKey: 33,
  name: "AlterConfigsRequest",
  validVersions: "0-2",
  flexibleVersions: "2+",
  fields: {
    resources: array(
      "0+",
      struct("AlterConfigsResource", {
        resourceType: int8("0+"),
        resourceName: string("0+"),
        configs: array(
          "0+",
          struct("AlterableConfig", { name: string("0+"), value: string("0+", { nullableVersions: "0+" }) }),
        ),
      }),
    ),
    validateOnly: bool("0+"),
  },
});
export type AlterConfigsRequest = Infer<typeof AlterConfigsRequest>;

export const AlterConfigsResponse = defineResponse({
  apiKey: 33,
  name: "AlterConfigsResponse",
  validVersions: "0-2",
  flexibleVersions: "2+",
  fields: {
    throttleTimeMs: int32("0+"),
    responses: array(
      "0+",
      struct("AlterConfigsResourceResponse", {
        errorCode: int16("0+"),
        errorMessage: string("0+", { nullableVersions: "0+" }),
        resourceType: int8("0+"),
        resourceName: string("0+"),
      }),
    ),
  },
});
export type AlterConfigsResponse = Infer<typeof AlterConfigsResponse>;
