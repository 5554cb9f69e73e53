/**
 * FindCoordinator, v0-6: who coordinates a group: the one node.
 *
 * Behaviour: several keys at once from v4 on.
 * Not modelled: coordinators of transactions and share groups (INVALID_REQUEST).
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { FindCoordinatorRequest, FindCoordinatorResponse } from "../../wire/messages/10_find_coordinator.ts";
import { type ClientConnection, defineApi } from "../api.ts";
import { NODE_ID } from "../state/broker_state.ts";

const GROUP = 0;
/** From this version on several keys come at once. */
const BATCHED_SINCE = 4;

export const findCoordinator = defineApi(
  FindCoordinatorRequest,
  FindCoordinatorResponse,
  ({ keyType, key, coordinatorKeys }, { connection, apiVersion }) => {
    const one = coordinator(keyType, connection);
    if (apiVersion < BATCHED_SINCE) return { ...one, key };
    return { coordinators: coordinatorKeys.map((wanted) => ({ ...one, key: wanted })) };
  },
);

function coordinator(keyType: number, { localHost, localPort }: ClientConnection) {
  if (keyType === GROUP) {
    return { errorCode: ErrorCode.NONE, errorMessage: "", nodeId: NODE_ID, host: localHost, port: localPort };
  }
  const errorMessage = `Coordinators of key type ${keyType} are not served`;
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage, nodeId: -1, host: "", port: -1 };
}
