/**
 * CreatePartitions (API key 37): topics get more partitions.
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
  string,
  struct,
} from "../schema.ts";

export const CreatePartitionsRequest = defineRequest({
  apiKey: 37,
  name: "CreatePartitionsRequest",
  validVersions: "0-3",
  flexibleVersions: "2+",
  fields: {
    topics: array(
      "0+",
      struct("CreatePartitionsTopic", {
        name: string("0+"),
        count: int32("0+"),
        assignments: array(
          "0+",
          struct("CreatePartitionsAssignment", {
            brokerIds: array("0+", "int32"),
          }),
          { nullableVersions: "0+" },
        ),
      }),
    ),
    timeoutMs: int32("0+"),
    validateOnly: bool("0+"),
  },
});
export type CreatePartitionsRequest = Infer<typeof CreatePartitionsRequest>;

export const CreatePartitionsResponse = defineResponse({
  apiKey: 37,
  name: "CreatePartitionsResponse",
  validVersions: "0-3",
  flexibleVersions: "2+",
  fields: {
    throttleTimeMs: int32("0+"),
    results: array(
      "0+",
      struct("CreatePartitionsTopicResult", {
        name: string("0+"),
        errorCode: int16("0+"),
        errorMessage: string("0+", { nullableVersions: "0+", default: null }),
      }),
    ),
  },
});
export type CreatePartitionsResponse = Infer<typeof CreatePartitionsResponse>;
