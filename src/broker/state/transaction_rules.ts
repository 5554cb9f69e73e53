/**
 * Which requests a transaction takes, and what they get that it does not take. Kafka's TransactionCoordinator is the
 * model.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { isEpochExhausted, isPrepared, type ProducerIdAndEpoch, type Transaction } from "./transaction.ts";

/** What an end gets: an error code, that it is done already, or that it may go on. */
export type EndVerdict = { readonly kind: "done" | "go" } | {
  readonly kind: "refused";
  readonly errorCode: number;
};

const DONE: EndVerdict = { kind: "done" };
const GO: EndVerdict = { kind: "go" };
const WRONG_STATE = refused(ErrorCode.INVALID_TXN_STATE);
const NOT_YET = refused(ErrorCode.CONCURRENT_TRANSACTIONS);

/** Whether a producer may add to its transaction. @returns an error code */
export function judgeProducer(transaction: Transaction, producer: ProducerIdAndEpoch): number {
  if (transaction.producerId !== producer.producerId) return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
  if (transaction.producerEpoch !== producer.producerEpoch) return ErrorCode.PRODUCER_FENCED;
  return isPrepared(transaction.state) ? ErrorCode.CONCURRENT_TRANSACTIONS : ErrorCode.NONE;
}

/** The end that a client asks for whose epoch stays the same. */
export function judgeEnd(
  transaction: Transaction,
  producer: ProducerIdAndEpoch,
  isCommit: boolean,
): EndVerdict {
  if (transaction.producerId !== producer.producerId) return refused(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  if (transaction.producerEpoch !== producer.producerEpoch) return refused(ErrorCode.PRODUCER_FENCED);
  switch (transaction.state) {
    case "Ongoing":
      return GO;
    case "CompleteCommit":
      return isCommit ? DONE : WRONG_STATE;
    case "CompleteAbort":
      return isCommit ? WRONG_STATE : DONE;
    case "PrepareCommit":
      return isCommit ? NOT_YET : WRONG_STATE;
    case "PrepareAbort":
      return isCommit ? WRONG_STATE : NOT_YET;
    case "Empty":
      return WRONG_STATE;
  }
}

/**
 * The end that a client asks for whose epoch rises with each transaction (KIP-890): by the epoch, one that is asked for
 * again is known from that of the next transaction. One without any record may be aborted.
 */
export function judgeEndWithEpoch(
  transaction: Transaction,
  producer: ProducerIdAndEpoch,
  isCommit: boolean,
): EndVerdict {
  const { producerId, prevProducerId, producerEpoch, state } = transaction;
  const isSame = producer.producerEpoch === producerEpoch;
  const isRetryAfterBump = producerEpoch === producer.producerEpoch + 1;
  const isRetryAfterRotation = prevProducerId === producer.producerId && producerEpoch === 0 &&
    isEpochExhausted(producer.producerEpoch);
  const isRetry = isRetryAfterBump || isRetryAfterRotation;
  if (producerId !== producer.producerId && !isRetryAfterRotation) {
    return refused(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  }
  const fenced = refused(ErrorCode.PRODUCER_FENCED);
  switch (state) {
    case "Ongoing":
      return isSame ? GO : fenced;
    case "Empty":
      if (!isSame) return fenced;
      return isCommit ? WRONG_STATE : GO;
    case "PrepareCommit":
      if (!isRetryAfterBump) return fenced;
      return isCommit ? NOT_YET : WRONG_STATE;
    case "PrepareAbort":
      if (!isRetryAfterBump) return fenced;
      return isCommit ? WRONG_STATE : NOT_YET;
    case "CompleteCommit":
      if (!isRetry && !isSame) return fenced;
      if (isCommit) return isRetry ? DONE : WRONG_STATE;
      return isRetry ? WRONG_STATE : GO;
    case "CompleteAbort":
      if (!isRetry && !isSame) return fenced;
      if (isCommit) return WRONG_STATE;
      return isRetry ? DONE : GO;
  }
}

function refused(errorCode: number): EndVerdict {
  return { kind: "refused", errorCode };
}
