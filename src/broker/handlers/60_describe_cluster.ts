/**
 * DescribeCluster, v0-2: the cluster's id and its one node.
 *
 * Behaviour: whoever asks for authorized operations is told all of them.
 * Not modelled: rights, controllers as endpoints of their own (MISMATCHED_ENDPOINT_TYPE).
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { DescribeClusterRequest, DescribeClusterResponse } from "../../wire/messages/60_describe_cluster.ts";
import { defineApi } from "../api.ts";
import { NODE_ID } from "../state/broker_state.ts";
import { CLUSTER_OPERATIONS, UNKNOWN_OPERATIONS } from "./authorized_operations.ts";

const BROKERS = 1;
const CONTROLLERS = 2;

export const describeCluster = defineApi(
  DescribeClusterRequest,
  DescribeClusterResponse,
  ({ endpointType, includeClusterAuthorizedOperations }, { state, connection }) => {
    if (endpointType !== BROKERS) {
      const isKnown = endpointType === CONTROLLERS;
      return {
        throttleTimeMs: 0,
        errorCode: isKnown ? ErrorCode.MISMATCHED_ENDPOINT_TYPE : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
        errorMessage: isKnown
          ? "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER"
          : `Unsupported endpoint type ${endpointType}`,
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
      clusterAuthorizedOperations: includeClusterAuthorizedOperations
        ? CLUSTER_OPERATIONS
        : UNKNOWN_OPERATIONS,
    };
  },
);
