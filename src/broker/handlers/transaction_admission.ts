/**
 * Whether what a producer sends belongs to its transaction: records and offsets are judged alike. A newer client adds to its
 * transaction by sending (KIP-890, part 2); an older one has added before, which is looked up (part 1).
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import type { RequestContext } from "../api.ts";
import type { TransactionGuard } from "../state/partition.ts";
import { StorageError } from "../state/storage.ts";
import type { TransactionalProducer } from "../state/transactional_producer.ts";

const log = logger("broker");

/** From which versions on a request adds by itself, and a client knows TRANSACTION_ABORTABLE. */
export interface AdmissionVersions {
  readonly addsSince: number;
  readonly abortableSince: number;
}

const PRODUCE_VERSIONS: AdmissionVersions = { addsSince: 12, abortableSince: 11 };
const OFFSETS_VERSIONS: AdmissionVersions = { addsSince: 5, abortableSince: 4 };

/** What judges the batches that a Produce request brings for a partition. */
export function admissionOfRecords(
  { state: { transactions }, apiVersion }: RequestContext,
  transactionalId: string,
  place: { readonly topic: string; readonly partition: number },
): TransactionGuard {
  const isAdding = apiVersion >= PRODUCE_VERSIONS.addsSince;
  return {
    isEpochPerTransaction: isAdding,
    admit({ producerId, producerEpoch }) {
      const producer = { transactionalId, producerId, producerEpoch };
      const errorCode = told(
        PRODUCE_VERSIONS,
        apiVersion,
        producer,
        () =>
          isAdding
            ? transactions.addPartitions(producer, [place], true)
            : transactions.verifyPartition(producer, place),
      );
      // What older clients do not retry in the right way, they do with this.
      const isUnknownCode = errorCode === ErrorCode.CONCURRENT_TRANSACTIONS && !isAdding;
      return isUnknownCode || errorCode === ErrorCode.COORDINATOR_NOT_AVAILABLE
        ? ErrorCode.NOT_ENOUGH_REPLICAS
        : errorCode;
    },
  };
}

/** Whether a producer may commit offsets of a group in its transaction. @returns an error code */
export function admitOffsets(
  { state: { transactions }, apiVersion }: RequestContext,
  producer: TransactionalProducer,
  groupId: string,
): number {
  const isAdding = apiVersion >= OFFSETS_VERSIONS.addsSince;
  const errorCode = told(
    OFFSETS_VERSIONS,
    apiVersion,
    producer,
    () =>
      isAdding
        ? transactions.addOffsets(producer, groupId, true)
        : transactions.verifyOffsets(producer, groupId),
  );
  const isUnknownCode = errorCode === ErrorCode.CONCURRENT_TRANSACTIONS && !isAdding;
  return isUnknownCode ? ErrorCode.COORDINATOR_NOT_AVAILABLE : errorCode;
}

/** A coordinator's verdict, as it is told to a producer. */
function told(
  versions: AdmissionVersions,
  apiVersion: number,
  { transactionalId }: TransactionalProducer,
  judge: () => number,
): number {
  try {
    const errorCode = judge();
    if (errorCode === ErrorCode.PRODUCER_FENCED) return ErrorCode.INVALID_PRODUCER_EPOCH;
    const isUnknownCode = errorCode === ErrorCode.TRANSACTION_ABORTABLE &&
      apiVersion < versions.abortableSince;
    return isUnknownCode ? ErrorCode.INVALID_TXN_STATE : errorCode;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log.error(`Cannot add to the transaction of '${transactionalId}': ${describeError(error)}`);
    return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  }
}
