/**
 * AddOffsetsToTxn, v0-4: takes a group's offsets into a transaction, which begins when it has not yet.
 *
 * Behaviour: what is committed then with TxnOffsetCommit counts when the transaction is committed.
 * Not modelled: nothing. More groups in one transaction than the limit: POLICY_VIOLATION.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
} from "../../wire/messages/25_add_offsets_to_txn.ts";
import type { Infer } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";
import { StorageError } from "../state/storage.ts";

const log = logger("broker");

/** From this version on a client knows PRODUCER_FENCED. */
const FENCED_SINCE = 2;

export const addOffsetsToTxn = defineApi(
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
  (request, { state, apiVersion }) => {
    const errorCode = add(request, state);
    const isUnknownCode = apiVersion < FENCED_SINCE && errorCode === ErrorCode.PRODUCER_FENCED;
    const answer = (code: number) => ({ throttleTimeMs: 0, errorCode: code });
    return state.whenSafe(
      [state.transactions],
      answer(isUnknownCode ? ErrorCode.INVALID_PRODUCER_EPOCH : errorCode),
      () => answer(ErrorCode.COORDINATOR_NOT_AVAILABLE),
    );
  },
);

function add(request: Infer<typeof AddOffsetsToTxnRequest>, { transactions }: BrokerState): number {
  try {
    return transactions.addOffsets(request, request.groupId, false);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log.error(`Cannot add offsets for '${request.transactionalId}': ${describeError(error)}`);
    return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  }
}
