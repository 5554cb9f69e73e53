/**
 * DescribeTransactions, v0: the state of transactional ids, and the partitions of their transactions.
 *
 * Behaviour: groups whose offsets a transaction commits stand there as the partitions of __consumer_offsets that Apache
 * Kafka would keep them in.
 * Not modelled: nothing.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import {
  DescribeTransactionsRequest,
  DescribeTransactionsResponse,
} from "../../wire/messages/65_describe_transactions.ts";
import type { Input } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";
import type { Transaction } from "../state/transaction.ts";
import { byTopic } from "../state/transaction_line.ts";

type Described = Input<typeof DescribeTransactionsResponse>["transactionStates"][number];

const OFFSETS_TOPIC = "__consumer_offsets";
/** Kafka: `offsets.topic.num.partitions`. */
const OFFSETS_PARTITIONS = 50;

export const describeTransactions = defineApi(
  DescribeTransactionsRequest,
  DescribeTransactionsResponse,
  ({ transactionalIds }, { state }) => ({
    throttleTimeMs: 0,
    transactionStates: transactionalIds.map((transactionalId) => describe(state, transactionalId)),
  }),
);

function describe(state: BrokerState, transactionalId: string): Described {
  const transaction = state.transactions.get(transactionalId);
  if (transaction === undefined) {
    const errorCode = transactionalId === ""
      ? ErrorCode.INVALID_REQUEST
      : ErrorCode.TRANSACTIONAL_ID_NOT_FOUND;
    return {
      errorCode,
      transactionalId,
      transactionState: "",
      transactionTimeoutMs: 0,
      transactionStartTimeMs: 0n,
      producerId: 0n,
      producerEpoch: 0,
      topics: [],
    };
  }
  return {
    errorCode: ErrorCode.NONE,
    transactionalId,
    transactionState: transaction.state,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStartTimeMs: BigInt(transaction.startedAtMs),
    producerId: transaction.producerId,
    producerEpoch: transaction.producerEpoch,
    topics: topicsOf(transaction),
  };
}

function topicsOf({ partitions, groupIds }: Transaction) {
  const topics = byTopic(partitions.values());
  const offsets = new Set([...groupIds].map(offsetsPartition));
  if (offsets.size > 0) topics.set(OFFSETS_TOPIC, [...offsets]);
  return [...topics].map(([topic, indexes]) => ({ topic, partitions: indexes }));
}

/** The partition of __consumer_offsets that Kafka keeps a group in: by Java's hash of its name. */
function offsetsPartition(groupId: string): number {
  let hash = 0;
  for (let i = 0; i < groupId.length; i++) hash = (Math.imul(hash, 31) + groupId.charCodeAt(i)) | 0;
  return (hash & 0x7fffffff) % OFFSETS_PARTITIONS;
}
