/**
 * A transaction as the journal has it.
 *
 * @module
 */
import {
  partitionKey,
  type Transaction,
  TRANSACTION_STATES,
  type TransactionPartition,
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

/** The transaction of a line. */
export function parseTransaction(transactionalId: string, line: TransactionLine): Transaction {
  const [producerId, prevProducerId, nextProducerId] = line.producerIds;
  const [producerEpoch, lastProducerEpoch] = line.producerEpochs;
  const partitions = Object.entries(line.partitions).flatMap(([topic, indexes]) =>
    indexes.map((partition) => ({ topic, partition }))
  );
  return {
    transactionalId,
    producerId: BigInt(producerId),
    prevProducerId: BigInt(prevProducerId),
    nextProducerId: BigInt(nextProducerId),
    producerEpoch,
    lastProducerEpoch,
    timeoutMs: line.timeoutMs,
    state: TRANSACTION_STATES.find((state) => state === line.state) ?? "Empty",
    partitions: new Map(partitions.map((one) => [partitionKey(one), one])),
    groupIds: new Set(line.groupIds),
    startedAtMs: line.startedAtMs,
    updatedAtMs: line.updatedAtMs,
    isEpochPerTransaction: line.isEpochPerTransaction,
  };
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
