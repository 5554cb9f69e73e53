/**
 * A producer that speaks for a transactional id, and what it is told.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { NO_PRODUCER_EPOCH, NO_PRODUCER_ID } from "../../wire/record_batch.ts";
import type { ProducerIdAndEpoch, Transaction } from "./transaction.ts";

/** See the module. */
export interface TransactionalProducer extends ProducerIdAndEpoch {
  readonly transactionalId: string;
}

/** What a producer is from now on; -1 and -1 with an error. */
export interface ProducerResult extends ProducerIdAndEpoch {
  readonly errorCode: number;
}

/** It is refused. */
export function failed(errorCode: number): ProducerResult {
  return { errorCode, producerId: NO_PRODUCER_ID, producerEpoch: NO_PRODUCER_EPOCH };
}

/** It goes on as this. */
export function producerOf({ producerId, producerEpoch }: Transaction): ProducerResult {
  return { errorCode: ErrorCode.NONE, producerId, producerEpoch };
}
