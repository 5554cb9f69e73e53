/**
 * DescribeLogDirs (API key 35): what log folders hold is asked for.
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

export const DescribeLogDirsRequest = defineRequest({
  apiKey: 35,
  name: "DescribeLogDirsRequest",
  validVersions: "1-5",
  flexibleVersions: "2+",
  fields: {
    topics: array(
      "0+",
      struct("DescribableLogDirTopic", { topic: string("0+"), partitions: array("0+", "int32") }),
      { nullableVersions: "0+" },
    ),
  },
});
export type DescribeLogDirsRequest = Infer<typeof DescribeLogDirsRequest>;

export const DescribeLogDirsResponse = defineResponse({
  apiKey: 35,
  name: "DescribeLogDirsResponse",
  validVersions: "1-5",
  flexibleVersions: "2+",
  fields: {
    throttleTimeMs: int32("0+"),
    errorCode: int16("3+"),
    results: array(
      "0+",
      struct("DescribeLogDirsResult", {
        errorCode: int16("0+"),
        logDir: string("0+"),
        topics: array(
          "0+",
          struct("DescribeLogDirsTopic", {
            name: string("0+"),
            partitions: array(
              "0+",
              struct("DescribeLogDirsPartition", {
                partitionIndex: int32("0+"),
                partitionSize: int64("0+"),
                offsetLag: int64("0+"),
                isFutureKey: bool("0+"),
              }),
            ),
          }),
        ),
        totalBytes: int64("4+", { default: -1n }),
        usableBytes: int64("4+", { default: -1n }),
        isCordoned: bool("5+", { default: false }),
      }),
    ),
  },
});
export type DescribeLogDirsResponse = Infer<typeof DescribeLogDirsResponse>;
