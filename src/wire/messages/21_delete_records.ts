/**
 * DeleteRecords (API key 21): records before an offset are given up.
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
  int64,
  string,
  struct,
} from "../schema.ts";

export const DeleteRecordsRequest = defineRequest({
  apiKey: 21,
  name: "DeleteRecordsRequest",
  validVersions: "0-2",
  flexibleVersions: "2+",
  fields: {
    topics: array(
      "0+",
      struct("DeleteRecordsTopic", {
        name: string("0+"),
        partitions: array(
          "0+",
          struct("DeleteRecordsPartition", { partitionIndex: int32("0+"), offset: int64("0+") }),
        ),
      }),
    ),
    timeoutMs: int32("0+"),
  },
});
export type DeleteRecordsRequest = Infer<typeof DeleteRecordsRequest>;

export const DeleteRecordsResponse = defineResponse({
  apiKey: 21,
  name: "DeleteRecordsResponse",
  validVersions: "0-2",
  flexibleVersions: "2+",
  fields: {
    throttleTimeMs: int32("0+"),
    topics: array(
      "0+",
      struct("DeleteRecordsTopicResult", {
        name: string("0+"),
        partitions: array(
          "0+",
          struct("DeleteRecordsPartitionResult", {
            partitionIndex: int32("0+"),
            lowWatermark: int64("0+"),
            errorCode: int16("0+"),
          }),
        ),
      }),
    ),
  },
});
export type DeleteRecordsResponse = Infer<typeof DeleteRecordsResponse>;
