/**
 * OffsetDelete (API key 47): a group's committed offsets are forgotten.
 *
 * @module
 */
import { array, defineRequest, defineResponse, type Infer, int16, int32, string, struct } from "../schema.ts";

export const OffsetDeleteRequest = defineRequest({
  apiKey: 47,
  name: "OffsetDeleteRequest",
  validVersions: "0",
  flexibleVersions: "none",
  fields: {
    groupId: string("0+"),
    topics: array(
      "0+",
      struct("OffsetDeleteRequestTopic", {
        name: string("0+"),
        partitions: array("0+", struct("OffsetDeleteRequestPartition", { partitionIndex: int32("0+") })),
      }),
    ),
  },
});
export type OffsetDeleteRequest = Infer<typeof OffsetDeleteRequest>;

export const OffsetDeleteResponse = defineResponse({
  apiKey: 47,
  name: "OffsetDeleteResponse",
  validVersions: "0",
  flexibleVersions: "none",
  fields: {
    errorCode: int16("0+"),
    throttleTimeMs: int32("0+"),
    topics: array(
      "0+",
      struct("OffsetDeleteResponseTopic", {
        name: string("0+"),
        partitions: array(
          "0+",
          struct("OffsetDeleteResponsePartition", { partitionIndex: int32("0+"), errorCode: int16("0+") }),
        ),
      }),
    ),
  },
});
export type OffsetDeleteResponse = Infer<typeof OffsetDeleteResponse>;
