/**
 * A transaction as the journal has it.
 *
 * @module
 */
import {
  takeIn,
  type Transaction,
  TRANSACTION_STATES,
  type TransactionPartition,
  type TransactionParts,
} from "./transaction.ts";

/** Ids in decimal; times in epoch milliseconds. */
export interface TransactionLine {
  readonly producerIds: readonly [current: string, previous: string, next: string];
  readonly producerEpochs: readonly [current: number, last: number];
  readonly timeoutMs: number;
  readonly state: string;
  readonly partitions: Readonly<Record<string, readonly number[]>>;
  readonly groupIds: readonly string[];
  readonly startedAtMs: number;
  readonly updatedAtMs: number;
  readonly isEpochPerTransaction: boolean;
  /** The partitions and groups come to those of the lines before: a long transaction is not written down at each step. */
  readonly isMore?: boolean;
}

export function lineOf(transaction: Transaction): TransactionLine {
  const { producerId, prevProducerId, nextProducerId, producerEpoch, lastProducerEpoch } = transaction;
  const { timeoutMs, state, groupIds, startedAtMs, updatedAtMs, isEpochPerTransaction } = transaction;
  return {
    producerIds: [`${producerId}`, `${prevProducerId}`, `${nextProducerId}`],
    producerEpochs: [producerEpoch, lastProducerEpoch],
    timeoutMs,
    state,
    partitions: Object.fromEntries(byTopic(transaction.partitions.values())),
    groupIds: [...groupIds],
    startedAtMs,
    updatedAtMs,
    isEpochPerTransaction,
  };
}

/** A step of a transaction that is under way: all but what it had before. */
export function lineOfMore(
  transaction: Transaction,
  { partitions, groupIds }: TransactionParts,
): TransactionLine {
  const alone = { ...transaction, partitions: new Map(), groupIds: new Set<string>() };
  takeIn(alone, { partitions, groupIds });
  return { ...lineOf(alone), isMore: true };
}

/** The partitions of each topic. */
export function byTopic(partitions: Iterable<TransactionPartition>): Map<string, number[]> {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const indexes = topics.get(topic);
    if (indexes === undefined) topics.set(topic, [partition]);
    else indexes.push(partition);
  }
  return topics;
}

/** The transaction of a line. @param before that of the lines before, which is not to be used any more */
export function parseTransaction(
  transactionalId: string,
  line: TransactionLine,
  before: Transaction | undefined,
): Transaction {
  const [producerId, prevProducerId, nextProducerId] = line.producerIds;
  const [producerEpoch, lastProducerEpoch] = line.producerEpochs;
  const partitions = Object.entries(line.partitions).flatMap(([topic, indexes]) =>
    indexes.map((partition) => ({ topic, partition }))
  );
  const isMore = line.isMore === true && before !== undefined;
  const transaction: Transaction = {
    transactionalId,
    producerId: BigInt(producerId),
    prevProducerId: BigInt(prevProducerId),
    nextProducerId: BigInt(nextProducerId),
    producerEpoch,
    lastProducerEpoch,
    timeoutMs: line.timeoutMs,
    state: TRANSACTION_STATES.find((state) => state === line.state) ?? "Empty",
    partitions: isMore ? before.partitions : new Map(),
    groupIds: isMore ? before.groupIds : new Set(),
    startedAtMs: line.startedAtMs,
    updatedAtMs: line.updatedAtMs,
    isEpochPerTransaction: line.isEpochPerTransaction,
  };
  takeIn(transaction, { partitions, groupIds: line.groupIds });
  return transaction;
}

const DECIMAL = /^-?\d+$/;

/** What a line holds, undefined when it is none that this version writes. */
export function parseLine(value: unknown): TransactionLine | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const line = value as Partial<Record<keyof TransactionLine, unknown>>;
  const { producerIds, producerEpochs, partitions, groupIds } = line;
  const isLine = isArrayOf(producerIds, 3, (id) => typeof id === "string" && DECIMAL.test(id)) &&
    isArrayOf(producerEpochs, 2, isInteger) &&
    [line.timeoutMs, line.startedAtMs, line.updatedAtMs].every(isInteger) &&
    TRANSACTION_STATES.some((state) => state === line.state) &&
    typeof line.isEpochPerTransaction === "boolean" &&
    (line.isMore === undefined || typeof line.isMore === "boolean") &&
    typeof partitions === "object" && partitions !== null &&
    Object.values(partitions).every((indexes) => isArrayOf(indexes, undefined, isInteger)) &&
    isArrayOf(groupIds, undefined, (id) => typeof id === "string");
  return isLine ? value as TransactionLine : undefined;
}

function isArrayOf(
  value: unknown,
  length: number | undefined,
  isElement: (value: unknown) => boolean,
): boolean {
  return Array.isArray(value) && (length === undefined || value.length === length) && value.every(isElement);
}

function isInteger(value: unknown): boolean {
  return Number.isSafeInteger(value);
}
