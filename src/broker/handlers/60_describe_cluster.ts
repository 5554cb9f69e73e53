/**
 * DescribeCluster, v0-2: the cluster's id and its one node.
 *
 * Not modelled: authorized operations, controllers as endpoints of their own (MISMATCHED_ENDPOINT_TYPE).
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { DescribeClusterRequest, DescribeClusterResponse } from "../../wire/messages/60_describe_cluster.ts";
import { defineApi } from "../api.ts";
import { NODE_ID } from "../state/broker_state.ts";

const BROKERS = 1;

export const describeCluster = defineApi(
  DescribeClusterRequest,
  DescribeClusterResponse,
  ({ endpointType }, { state, connection }) => {
    if (endpointType !== BROKERS) {
      return {
        throttleTimeMs: 0,
        errorCode: ErrorCode.MISMATCHED_ENDPOINT_TYPE,
        errorMessage:
          "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of another type",
        clusterId: "",
        brokers: [],
      };
    }
    return {
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      endpointType,
      clusterId: state.clusterId,
      controllerId: NODE_ID,
      brokers: [{ brokerId: NODE_ID, host: connection.localHost, port: connection.localPort }],
    };
  },
);
