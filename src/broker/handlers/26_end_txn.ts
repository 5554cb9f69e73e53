/**
 * EndTxn, v0-5: commits or aborts a transaction.
 *
 * Behaviour: answered once the outcome is written down and the markers are in the partitions, as far as the disk takes
 * them; what it does not is tried again until it does. From v5 on the producer is told the epoch that it goes on with
 * (KIP-890), and may abort what has no record.
 * Not modelled: nothing.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { EndTxnRequest, EndTxnResponse } from "../../wire/messages/26_end_txn.ts";
import type { Input } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import { Later } from "../state/later.ts";
import { StorageError } from "../state/storage.ts";

const log = logger("broker");

type Response = Input<typeof EndTxnResponse>;

/** From this version on a client knows PRODUCER_FENCED. */
const FENCED_SINCE = 2;
/** From this version on the epoch rises with each transaction. */
const EPOCH_PER_TRANSACTION_SINCE = 5;

export const endTxn = defineApi(EndTxnRequest, EndTxnResponse, (request, { state, apiVersion }) => {
  const told = (response: Omit<Response, "throttleTimeMs">): Response => {
    const isUnknownCode = apiVersion < FENCED_SINCE && response.errorCode === ErrorCode.PRODUCER_FENCED;
    const errorCode = isUnknownCode ? ErrorCode.INVALID_PRODUCER_EPOCH : response.errorCode;
    return { ...response, throttleTimeMs: 0, errorCode };
  };
  try {
    const isEpochPerTransaction = apiVersion >= EPOCH_PER_TRANSACTION_SINCE;
    const result = state.transactions.end(request, request.committed, isEpochPerTransaction);
    return result instanceof Later ? result.map(told) : told(result);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log.error(`Cannot end the transaction of '${request.transactionalId}': ${describeError(error)}`);
    return told({ errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE });
  }
});
