/**
 * FindCoordinator, v0-6: who coordinates a group or a transaction: the one node.
 *
 * Behaviour: several keys at once from v4 on.
 * Not modelled: coordinators of share groups (INVALID_REQUEST).
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { FindCoordinatorRequest, FindCoordinatorResponse } from "../../wire/messages/10_find_coordinator.ts";
import { type ClientConnection, defineApi } from "../api.ts";
import { NODE_ID } from "../state/broker_state.ts";

const KEY_TYPES: ReadonlySet<number> = new Set([0, 1]);
/** From this version on several keys come at once. */
const BATCHED_SINCE = 4;
/** What Kafka says where nothing is wrong, while there is one key. */
const NO_ERROR = "NONE";

export const findCoordinator = defineApi(
  FindCoordinatorRequest,
  FindCoordinatorResponse,
  ({ keyType, coordinatorKeys }, { connection, apiVersion }) => {
    const one = coordinator(keyType, connection);
    if (apiVersion >= BATCHED_SINCE) {
      return { coordinators: coordinatorKeys.map((wanted) => ({ ...one, key: wanted })) };
    }
    return { ...one, errorMessage: one.errorCode === ErrorCode.NONE ? NO_ERROR : one.errorMessage };
  },
);

function coordinator(keyType: number, { localHost, localPort }: ClientConnection) {
  if (KEY_TYPES.has(keyType)) {
    return { errorCode: ErrorCode.NONE, errorMessage: "", nodeId: NODE_ID, host: localHost, port: localPort };
  }
  const errorMessage = `Coordinators of key type ${keyType} are not served`;
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage, nodeId: -1, host: "", port: -1 };
}
