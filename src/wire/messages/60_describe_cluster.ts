/**
 * DescribeCluster (API key 60): the brokers of the cluster.
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

export const DescribeClusterRequest = defineRequest({
  apiKey: 60,
  name: "DescribeClusterRequest",
  validVersions: "0-2",
  flexibleVersions: "0+",
  fields: {
    includeClusterAuthorizedOperations: bool("0+"),
    endpointType: int8("1+", { default: 1 }),
    includeFencedBrokers: bool("2+"),
  },
});
export type DescribeClusterRequest = Infer<typeof DescribeClusterRequest>;

export const DescribeClusterResponse = defineResponse({
  apiKey: 60,
  name: "DescribeClusterResponse",
  validVersions: "0-2",
  flexibleVersions: "0+",
  fields: {
    throttleTimeMs: int32("0+"),
    errorCode: int16("0+"),
    errorMessage: string("0+", { nullableVersions: "0+", default: null }),
    endpointType: int8("1+", { default: 1 }),
    clusterId: string("0+"),
    controllerId: int32("0+", { default: -1 }),
    brokers: array(
      "0+",
      struct("DescribeClusterBroker", {
        brokerId: int32("0+"),
        host: string("0+"),
        port: int32("0+"),
        rack: string("0+", { nullableVersions: "0+", default: null }),
        isFenced: bool("2+"),
      }),
    ),
    clusterAuthorizedOperations: int32("0+", { default: -2147483648 }),
  },
});
export type DescribeClusterResponse = Infer<typeof DescribeClusterResponse>;
