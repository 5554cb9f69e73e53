/**
 * DescribeConfigs (API key 32): settings of topics and brokers.
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

export const DescribeConfigsRequest = defineRequest({
  apiKey: 32,
  name: "DescribeConfigsRequest",
  validVersions: "1-4",
  flexibleVersions: "4+",
  fields: {
    resources: array(
      "0+",
      struct("DescribeConfigsResource", {
        resourceType: int8("0+"),
        resourceName: string("0+"),
        configurationKeys: array("0+", "string", { nullableVersions: "0+" }),
      }),
    ),
    includeSynonyms: bool("1+", { default: false }),
    includeDocumentation: bool("3+", { default: false }),
  },
});
export type DescribeConfigsRequest = Infer<typeof DescribeConfigsRequest>;

export const DescribeConfigsResponse = defineResponse({
  apiKey: 32,
  name: "DescribeConfigsResponse",
  validVersions: "1-4",
  flexibleVersions: "4+",
  fields: {
    throttleTimeMs: int32("0+"),
    results: array(
      "0+",
      struct("DescribeConfigsResult", {
        errorCode: int16("0+"),
        errorMessage: string("0+", { nullableVersions: "0+" }),
        resourceType: int8("0+"),
        resourceName: string("0+"),
        configs: array(
          "0+",
          struct("DescribeConfigsResourceResult", {
            name: string("0+"),
            value: string("0+", { nullableVersions: "0+" }),
            readOnly: bool("0+"),
            configSource: int8("1+", { default: -1 }),
            isSensitive: bool("0+"),
            synonyms: array(
              "1+",
              struct("DescribeConfigsSynonym", {
                name: string("1+"),
                value: string("1+", { nullableVersions: "0+" }),
                source: int8("1+"),
              }),
            ),
            configType: int8("3+", { default: 0 }),
            documentation: string("3+", { nullableVersions: "0+" }),
          }),
        ),
      }),
    ),
  },
});
export type DescribeConfigsResponse = Infer<typeof DescribeConfigsResponse>;
