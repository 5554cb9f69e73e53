/**
 * ApiVersions (API key 18): which APIs in which versions the broker speaks.
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
  int64,
  string,
  struct,
} from "../schema.ts";

export const ApiVersionsRequest = defineRequest({
  apiKey: 18,
  name: "ApiVersionsRequest",
  validVersions: "0-4",
  flexibleVersions: "3+",
  fields: {
    clientSoftwareName: string("3+"),
    clientSoftwareVersion: string("3+"),
  },
});
export type ApiVersionsRequest = Infer<typeof ApiVersionsRequest>;

export const ApiVersionsResponse = defineResponse({
  apiKey: 18,
  name: "ApiVersionsResponse",
  validVersions: "0-4",
  flexibleVersions: "3+",
  fields: {
    errorCode: int16("0+"),
    apiKeys: array(
      "0+",
      struct("ApiVersion", {
        apiKey: int16("0+"),
        minVersion: int16("0+"),
        maxVersion: int16("0+"),
      }),
    ),
    throttleTimeMs: int32("1+"),
    supportedFeatures: array(
      "3+",
      struct("SupportedFeatureKey", {
        name: string("3+"),
        minVersion: int16("3+"),
        maxVersion: int16("3+"),
      }),
      { tag: 0, taggedVersions: "3+" },
    ),
    finalizedFeaturesEpoch: int64("3+", { tag: 1, taggedVersions: "3+", default: -1n }),
    finalizedFeatures: array(
      "3+",
      struct("FinalizedFeatureKey", {
        name: string("3+"),
        maxVersionLevel: int16("3+"),
        minVersionLevel: int16("3+"),
      }),
      { tag: 2, taggedVersions: "3+" },
    ),
    zkMigrationReady: bool("3+", { tag: 3, taggedVersions: "3+", default: false }),
  },
});
export type ApiVersionsResponse = Infer<typeof ApiVersionsResponse>;
