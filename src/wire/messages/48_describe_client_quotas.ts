/**
 * DescribeClientQuotas (API key 48): the quotas of users, clients and addresses (KIP-546).
 *
 * @module
 */
import {
  array,
  bool,
  defineRequest,
  defineResponse,
  float64,
  type Infer,
  int16,
  int32,
  int8,
  string,
  struct,
} from "../schema.ts";

export const DescribeClientQuotasRequest = defineRequest({
  apiKey: 48,
  name: "DescribeClientQuotasRequest",
  validVersions: "0-1",
  flexibleVersions: "1+",
  fields: {
    components: array(
      "0+",
      struct("ComponentData", {
        entityType: string("0+"),
        matchType: int8("0+"),
        match: string("0+", { nullableVersions: "0+" }),
      }),
    ),
    strict: bool("0+"),
  },
});
export type DescribeClientQuotasRequest = Infer<typeof DescribeClientQuotasRequest>;

export const DescribeClientQuotasResponse = defineResponse({
  apiKey: 48,
  name: "DescribeClientQuotasResponse",
  validVersions: "0-1",
  flexibleVersions: "1+",
  fields: {
    throttleTimeMs: int32("0+"),
    errorCode: int16("0+"),
    errorMessage: string("0+", { nullableVersions: "0+" }),
    entries: array(
      "0+",
      struct("EntryData", {
        entity: array(
          "0+",
          struct("EntityData", {
            entityType: string("0+"),
            entityName: string("0+", { nullableVersions: "0+" }),
          }),
        ),
        values: array("0+", struct("ValueData", { key: string("0+"), value: float64("0+") })),
      }),
      { nullableVersions: "0+" },
    ),
  },
});
export type DescribeClientQuotasResponse = Infer<typeof DescribeClientQuotasResponse>;
