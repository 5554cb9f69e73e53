/**
 * AddPartitionsToTxn, v0-5: takes partitions into a transaction, which begins with the first.
 *
 * Behaviour: all of a transaction's partitions are taken, or none (OPERATION_NOT_ATTEMPTED for those that could be).
 * Versions from 4 on are for brokers and come with several transactions; with verifyOnly they only ask.
 * Not modelled: nothing.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from "../../wire/messages/24_add_partitions_to_txn.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";
import { StorageError } from "../state/storage.ts";

const log = logger("broker");

type Transaction = Infer<typeof AddPartitionsToTxnRequest>["transactions"][number];
type Response = Input<typeof AddPartitionsToTxnResponse>;
type Result = NonNullable<Response["resultsByTransaction"]>[number];

/** From this version on a client knows PRODUCER_FENCED. */
const FENCED_SINCE = 2;
/** From this version on it is a broker that asks, for producers whose epoch rises with each transaction. */
const BATCHED_SINCE = 4;

export const addPartitionsToTxn = defineApi(
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
  (request, { state, apiVersion }) => {
    const refuse = (one: Transaction) => refused(one, ErrorCode.COORDINATOR_NOT_AVAILABLE);
    if (apiVersion < BATCHED_SINCE) {
      const transaction = {
        transactionalId: request.v3AndBelowTransactionalId,
        producerId: request.v3AndBelowProducerId,
        producerEpoch: request.v3AndBelowProducerEpoch,
        verifyOnly: false,
        topics: request.v3AndBelowTopics,
      };
      const answer = ({ topicResults }: Result): Response => ({
        throttleTimeMs: 0,
        resultsByTopicV3AndBelow: topicResults ?? [],
      });
      const result = answer(handle(state, apiVersion, transaction));
      return state.whenSafe([state.transactions], result, () => answer(refuse(transaction)));
    }
    const { transactions } = request;
    const answer = (resultsByTransaction: Result[]): Response => ({
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      resultsByTransaction,
    });
    const results = answer(transactions.map((one) => handle(state, apiVersion, one)));
    return state.whenSafe([state.transactions], results, () => answer(transactions.map(refuse)));
  },
);

function handle(state: BrokerState, apiVersion: number, transaction: Transaction): Result {
  const { transactionalId, topics, verifyOnly } = transaction;
  const all = topics.flatMap(({ name, partitions }) =>
    partitions.map((partition) => ({ topic: name, partition }))
  );
  const isThere = (topic: string, partition: number) =>
    state.topics.partition(topic, partition) !== undefined;
  const answer = (errorCode: (topic: string, partition: number) => number) => ({
    transactionalId,
    topicResults: resultsOf(topics, errorCode),
  });
  if (!all.every(({ topic, partition }) => isThere(topic, partition))) {
    return answer((topic, partition) =>
      isThere(topic, partition) ? ErrorCode.OPERATION_NOT_ATTEMPTED : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    );
  }
  if (verifyOnly) {
    return answer((topic, partition) =>
      state.transactions.verifyPartition(transaction, { topic, partition })
    );
  }
  const errorCode = add(state, transaction, all, apiVersion >= BATCHED_SINCE);
  const isUnknownCode = apiVersion < FENCED_SINCE && errorCode === ErrorCode.PRODUCER_FENCED;
  return answer(() => isUnknownCode ? ErrorCode.INVALID_PRODUCER_EPOCH : errorCode);
}

function add(
  { transactions }: BrokerState,
  transaction: Transaction,
  partitions: { topic: string; partition: number }[],
  isEpochPerTransaction: boolean,
): number {
  try {
    return transactions.addPartitions(transaction, partitions, isEpochPerTransaction);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log.error(`Cannot add partitions for '${transaction.transactionalId}': ${describeError(error)}`);
    return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  }
}

function refused({ transactionalId, topics }: Transaction, errorCode: number): Result {
  return { transactionalId, topicResults: resultsOf(topics, () => errorCode) };
}

function resultsOf(topics: Transaction["topics"], errorCode: (topic: string, partition: number) => number) {
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: errorCode(name, partitionIndex),
    })),
  }));
}
