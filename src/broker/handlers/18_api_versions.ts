/**
 * ApiVersions, v0-4: which APIs are served.
 *
 * Behaviour: a version that there is not is answered in v0 with UNSUPPORTED_VERSION and the versions of ApiVersions itself,
 * as Kafka does (see dispatch.ts). From v3 on it tells of the features that there are (see features.ts); in v3 none whose
 * levels begin at 0 (KAFKA-17011). Produce is listed
 * from v0 on, as Kafka 4 does (KAFKA-18659): librdkafka takes a broker without it to know no compression but zstd. It is
 * served from v3 on all the same.
 * Not modelled: changes of feature levels.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { ProduceRequest } from "../../wire/messages/00_produce.ts";
import { ApiVersionsRequest, ApiVersionsResponse } from "../../wire/messages/18_api_versions.ts";
import { type Api, defineApi } from "../api.ts";
import { FEATURES, FINALIZED_FEATURES_EPOCH } from "../features.ts";

const SOFTWARE_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;
/** From this version on a client names its software. */
const NAMED_SINCE = 3;

/** From this version on features may have levels from 0 on. */
const FROM_ZERO_SINCE = 4;

/** Where the list begins below what is served. */
const LISTED_SINCE: ReadonlyMap<number, number> = new Map([[ProduceRequest.apiKey, 0]]);

/** The APIs as they are listed. */
export function listedVersions(
  apis: readonly Api[],
): { apiKey: number; minVersion: number; maxVersion: number }[] {
  return apis.map(({ apiKey, minVersion, maxVersion }) => ({
    apiKey,
    minVersion: LISTED_SINCE.get(apiKey) ?? minVersion,
    maxVersion,
  }));
}

/** @param apis the table that this API is itself in */
export function apiVersions(apis: () => readonly Api[]): Api {
  return defineApi(
    ApiVersionsRequest,
    ApiVersionsResponse,
    (request, { apiVersion, connection: { sasl } }) => {
      const isNamed = SOFTWARE_NAME.test(request.clientSoftwareName) &&
        SOFTWARE_NAME.test(request.clientSoftwareVersion);
      if (apiVersion >= NAMED_SINCE && !isNamed) return { errorCode: ErrorCode.INVALID_REQUEST, apiKeys: [] };
      // Once a mechanism's tokens are awaited, it comes too late.
      if (sasl?.toldVersions() === false) return { errorCode: ErrorCode.ILLEGAL_SASL_STATE, apiKeys: [] };
      return {
        errorCode: ErrorCode.NONE,
        apiKeys: listedVersions(apis()),
        supportedFeatures: FEATURES.filter(({ minVersion }) =>
          minVersion > 0 || apiVersion >= FROM_ZERO_SINCE
        ),
        finalizedFeaturesEpoch: FINALIZED_FEATURES_EPOCH,
        finalizedFeatures: FEATURES.map(({ name, level }) => ({
          name,
          maxVersionLevel: level,
          minVersionLevel: level,
        })),
      };
    },
    { hasFlexibleResponseHeader: false },
  );
}
