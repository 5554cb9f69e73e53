/**
 * A transactional id and its transaction: what is known of it, and what each step makes of it. A step gives another
 * value, which is only taken once it is written down. Kafka's TransactionMetadata is the model, its names are kept.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { NO_PRODUCER_EPOCH, NO_PRODUCER_ID } from "../../wire/record_batch.ts";

/** Kafka's states in which a transaction can be found; it has others that last no longer than a step. */
export const TRANSACTION_STATES = [
  "Empty",
  "Ongoing",
  "PrepareCommit",
  "PrepareAbort",
  "CompleteCommit",
  "CompleteAbort",
] as const;

export type TransactionState = (typeof TRANSACTION_STATES)[number];

/** A partition that a transaction writes to. */
export interface TransactionPartition {
  readonly topic: string;
  readonly partition: number;
}

/** See the module. Times are epoch milliseconds, -1 for none. */
export interface Transaction {
  readonly transactionalId: string;
  readonly producerId: bigint;
  /** The producer id before the last step. */
  readonly prevProducerId: bigint;
  /** The producer id that follows once the transaction is complete, as its epochs are used up; else -1. */
  readonly nextProducerId: bigint;
  readonly producerEpoch: number;
  /** The epoch that a retry may still come with, -1 for none. */
  readonly lastProducerEpoch: number;
  readonly timeoutMs: number;
  readonly state: TransactionState;
  /** By {@linkcode partitionKey}. They grow in place: one added at a time, copies would be quadratic. */
  readonly partitions: Map<string, TransactionPartition>;
  /** Groups that it commits offsets for. They grow in place, too. */
  readonly groupIds: Set<string>;
  readonly startedAtMs: number;
  readonly updatedAtMs: number;
  /** Whether the client's requests ask for an epoch of its own for each transaction (KIP-890, part 2). */
  readonly isEpochPerTransaction: boolean;
}

/** A producer, as a request names it. */
export interface ProducerIdAndEpoch {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

const MAX_EPOCH = 2 ** 15 - 1;

/** Whether an epoch is the last that a producer may have: one is kept back, so that it can be fenced. */
export function isEpochExhausted(producerEpoch: number): boolean {
  return producerEpoch >= MAX_EPOCH - 1;
}

export function partitionKey({ topic, partition }: TransactionPartition): string {
  return `${topic}-${partition}`;
}

/** A transactional id that was never used. */
export function newTransaction(transactionalId: string, producerId: bigint, nowMs: number): Transaction {
  return {
    transactionalId,
    producerId,
    prevProducerId: NO_PRODUCER_ID,
    nextProducerId: NO_PRODUCER_ID,
    producerEpoch: NO_PRODUCER_EPOCH,
    lastProducerEpoch: NO_PRODUCER_EPOCH,
    timeoutMs: 0,
    state: "Empty",
    partitions: new Map(),
    groupIds: new Set(),
    startedAtMs: -1,
    updatedAtMs: nowMs,
    isEpochPerTransaction: false,
  };
}

/** Whether it is between its first record and its last marker. */
export function isPending({ state }: Transaction): boolean {
  return state === "Ongoing" || isPrepared(state);
}

export function isPrepared(state: TransactionState): state is "PrepareCommit" | "PrepareAbort" {
  return state === "PrepareCommit" || state === "PrepareAbort";
}

/**
 * Whether a producer that names the id it has may go on with it: it is the current one, or one whose epochs were used up
 * and which did not hear of its new id; or nobody has the transactional id yet.
 */
export function isKnownProducer(transaction: Transaction, named: ProducerIdAndEpoch): boolean {
  return transaction.producerEpoch === NO_PRODUCER_EPOCH || named.producerId === transaction.producerId ||
    (named.producerId === transaction.prevProducerId && isEpochExhausted(named.producerEpoch));
}

/**
 * Gives the transactional id to a producer, with the next epoch.
 *
 * @param namedEpoch the one that the producer says it has, when it does
 * @returns an error code when the producer is fenced
 */
export function initialized(
  transaction: Transaction,
  timeoutMs: number,
  namedEpoch: number | undefined,
  nowMs: number,
): Transaction | number {
  const { producerEpoch, lastProducerEpoch } = transaction;
  const next = emptied(transaction, timeoutMs, nowMs);
  if (namedEpoch === undefined) {
    return { ...next, producerEpoch: producerEpoch + 1, lastProducerEpoch: NO_PRODUCER_EPOCH };
  }
  if (producerEpoch === NO_PRODUCER_EPOCH || namedEpoch === producerEpoch) {
    return { ...next, producerEpoch: producerEpoch + 1, lastProducerEpoch: producerEpoch };
  }
  // It asks once more, as the answer was lost: nobody else has come between, who would have set the last epoch to -1.
  return namedEpoch === lastProducerEpoch ? next : ErrorCode.PRODUCER_FENCED;
}

/** Gives the transactional id to a producer under a new producer id, as the epochs of the old one are used up. */
export function rotated(
  transaction: Transaction,
  producerId: bigint,
  timeoutMs: number,
  isNamed: boolean,
  nowMs: number,
): Transaction {
  const lastProducerEpoch = isNamed ? transaction.producerEpoch : NO_PRODUCER_EPOCH;
  return { ...emptied(transaction, timeoutMs, nowMs), producerId, producerEpoch: 0, lastProducerEpoch };
}

function emptied(transaction: Transaction, timeoutMs: number, nowMs: number): Transaction {
  return {
    ...transaction,
    prevProducerId: transaction.producerId,
    timeoutMs,
    state: "Empty",
    partitions: new Map(),
    groupIds: new Set(),
    startedAtMs: -1,
    updatedAtMs: nowMs,
  };
}

/** What comes into a transaction. */
export interface TransactionParts {
  readonly partitions: readonly TransactionPartition[];
  readonly groupIds: readonly string[];
}

/** The transaction begins, or goes on, with what it has. */
export function ongoing(
  transaction: Transaction,
  isEpochPerTransaction: boolean,
  nowMs: number,
): Transaction {
  const isBegun = transaction.state === "Ongoing";
  return {
    ...transaction,
    prevProducerId: transaction.producerId,
    state: "Ongoing",
    partitions: isBegun ? transaction.partitions : new Map(transaction.partitions),
    groupIds: isBegun ? transaction.groupIds : new Set(transaction.groupIds),
    startedAtMs: isBegun ? transaction.startedAtMs : nowMs,
    updatedAtMs: nowMs,
    isEpochPerTransaction,
  };
}

/** Takes in partitions and groups, in place. */
export function takeIn(transaction: Transaction, { partitions, groupIds }: TransactionParts): void {
  for (const one of partitions) transaction.partitions.set(partitionKey(one), one);
  for (const groupId of groupIds) transaction.groupIds.add(groupId);
}

/** What decides how a transaction ends. */
export interface Ending {
  readonly isCommit: boolean;
  readonly isEpochPerTransaction: boolean;
  /** -1 when the epochs are not used up. */
  readonly nextProducerId: bigint;
}

/** The transaction ends, which cannot be undone: it is written before the first marker is. */
export function prepared(transaction: Transaction, ending: Ending, nowMs: number): Transaction {
  const { producerEpoch, lastProducerEpoch } = transaction;
  const { isCommit, isEpochPerTransaction, nextProducerId } = ending;
  return {
    ...transaction,
    prevProducerId: transaction.producerId,
    nextProducerId,
    producerEpoch: isEpochPerTransaction ? Math.min(producerEpoch + 1, MAX_EPOCH) : producerEpoch,
    lastProducerEpoch: isEpochPerTransaction ? producerEpoch : lastProducerEpoch,
    state: isCommit ? "PrepareCommit" : "PrepareAbort",
    // One that has nothing begins as it ends.
    startedAtMs: transaction.state === "Ongoing" ? transaction.startedAtMs : nowMs,
    updatedAtMs: nowMs,
    isEpochPerTransaction,
  };
}

/** All markers of a prepared transaction are written. */
export function completed(transaction: Transaction, nowMs: number): Transaction {
  const { producerId, nextProducerId, isEpochPerTransaction } = transaction;
  const next = isEpochPerTransaction && nextProducerId !== NO_PRODUCER_ID
    ? { ...transaction, producerId: nextProducerId, producerEpoch: 0 }
    : transaction;
  return {
    ...next,
    prevProducerId: producerId,
    nextProducerId: NO_PRODUCER_ID,
    state: transaction.state === "PrepareCommit" ? "CompleteCommit" : "CompleteAbort",
    partitions: new Map(),
    groupIds: new Set(),
    updatedAtMs: nowMs,
  };
}
