/**
 * IncrementalAlterConfigs (API key 44): configs are changed one by one.
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

export const IncrementalAlterConfigsRequest = defineRequest({
  apiKey: 44,
  name: "IncrementalAlterConfigsRequest",
  validVersions: "0-1",
  flexibleVersions: "1+",
  fields: {
    resources: array(
      "0+",
      struct("AlterConfigsResource", {
        resourceType: int8("0+"),
        resourceName: string("0+"),
        configs: array(
          "0+",
          struct("AlterableConfig", {
            name: string("0+"),
            configOperation: int8("0+"),
            value: string("0+", { nullableVersions: "0+" }),
          }),
        ),
      }),
    ),
    validateOnly: bool("0+"),
  },
});
export type IncrementalAlterConfigsRequest = Infer<typeof IncrementalAlterConfigsRequest>;

export const IncrementalAlterConfigsResponse = defineResponse({
  apiKey: 44,
  name: "IncrementalAlterConfigsResponse",
  validVersions: "0-1",
  flexibleVersions: "1+",
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
export type IncrementalAlterConfigsResponse = Infer<typeof IncrementalAlterConfigsResponse>;
