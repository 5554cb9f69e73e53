import assert from "node:assert/strict";
import { DEFAULT_CONFIG } from "../../../src/broker/config.ts";
import { produce } from "../../../src/broker/handlers/00_produce.ts";
import { fetch } from "../../../src/broker/handlers/01_fetch.ts";
import { offsetFetch } from "../../../src/broker/handlers/09_offset_fetch.ts";
import { initProducerId } from "../../../src/broker/handlers/22_init_producer_id.ts";
import { addPartitionsToTxn } from "../../../src/broker/handlers/24_add_partitions_to_txn.ts";
import { endTxn } from "../../../src/broker/handlers/26_end_txn.ts";
import { txnOffsetCommit } from "../../../src/broker/handlers/28_txn_offset_commit.ts";
import { DEFAULT_LIMITS } from "../../../src/broker/limits.ts";
import { BrokerState } from "../../../src/broker/state/broker_state.ts";
import { MemoryStorage } from "../../../src/broker/state/memory_storage.ts";
import { ErrorCode } from "../../../src/wire/error_codes.ts";
import { ProduceRequest, ProduceResponse } from "../../../src/wire/messages/00_produce.ts";
import { FetchRequest, FetchResponse } from "../../../src/wire/messages/01_fetch.ts";
import { OffsetFetchRequest, OffsetFetchResponse } from "../../../src/wire/messages/09_offset_fetch.ts";
import {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from "../../../src/wire/messages/22_init_producer_id.ts";
import {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from "../../../src/wire/messages/24_add_partitions_to_txn.ts";
import { EndTxnRequest, EndTxnResponse } from "../../../src/wire/messages/26_end_txn.ts";
import {
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
} from "../../../src/wire/messages/28_txn_offset_commit.ts";
import { ask } from "../../support/ask_handler.ts";
import { batchOf } from "../../support/batches.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { visibleRecords } from "../../support/visible_records.ts";

const TX = "x";

/** A broker's state without a socket, with a producer that has a transactional id. */
async function setUp() {
  const clock = new FakeClock();
  const state = new BrokerState({
    storage: new MemoryStorage(),
    clusterId: "c",
    config: DEFAULT_CONFIG,
    limits: DEFAULT_LIMITS,
    clock,
  });
  state.open();
  state.topics.create("t", 1, new Map());
  const init = { transactionalId: TX, transactionTimeoutMs: 60_000 };
  const { producerId, producerEpoch } = await ask(
    state,
    initProducerId,
    [InitProducerIdRequest, InitProducerIdResponse],
    4,
    init,
  );
  const producer = { producerId, producerEpoch };
  const send = async (value: string, baseSequence: number) => {
    const records = batchOf([value], { ...producer, baseSequence, isTransactional: true });
    const { responses } = await ask(state, produce, [ProduceRequest, ProduceResponse], 12, {
      transactionalId: TX,
      acks: -1,
      timeoutMs: 1,
      topicData: [{ name: "t", partitionData: [{ index: 0, records }] }],
    });
    assert.equal(responses[0]?.partitionResponses[0]?.errorCode, ErrorCode.NONE);
  };
  const end = async (committed: boolean) => {
    const request = { transactionalId: TX, ...producer, committed };
    const { errorCode } = await ask(state, endTxn, [EndTxnRequest, EndTxnResponse], 5, request);
    assert.equal(errorCode, ErrorCode.NONE);
  };
  const poll = async (maxWaitMs: number) => {
    const { responses } = await ask(state, fetch, [FetchRequest, FetchResponse], 12, {
      maxWaitMs,
      minBytes: 1,
      maxBytes: 1 << 20,
      isolationLevel: 1,
      topics: [{
        topic: "t",
        partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1 << 20 }],
      }],
    });
    const answer = responses[0]?.partitions[0] ?? assert.fail("no answer for the partition");
    return visibleRecords(answer.records ?? new Uint8Array(), answer.abortedTransactions ?? [])
      .map(({ value }) => value);
  };
  return { state, clock, producer, send, end, poll, [Symbol.dispose]: () => state[Symbol.dispose]() };
}

Deno.test("Fetch of what is committed waits through records of a transaction under way, for its end", async () => {
  using test = await setUp();
  let answered: string[] | undefined;
  const polled = test.poll(1_000).then((values) => answered = values);
  await test.send("a", 0);
  await test.send("b", 1);
  assert.equal(answered, undefined);
  await test.end(true);
  assert.deepEqual(await polled, ["a", "b"]);
});

Deno.test("Fetch of what is committed is answered with nothing when its time is over, not with what is undecided", async () => {
  using test = await setUp();
  await test.send("a", 0);
  const polled = test.poll(1_000);
  test.clock.advance(1_000);
  assert.deepEqual(await polled, []);
});

Deno.test("OffsetFetch with requireStable is told to wait while a transaction may change an offset", async () => {
  using test = await setUp();
  const commit = await ask(
    test.state,
    txnOffsetCommit,
    [TxnOffsetCommitRequest, TxnOffsetCommitResponse],
    5,
    {
      transactionalId: TX,
      groupId: "g",
      ...test.producer,
      topics: [{
        name: "t",
        partitions: [{ partitionIndex: 0, committedOffset: 7n, committedMetadata: "m" }],
      }],
    },
  );
  assert.equal(commit.topics[0]?.partitions[0]?.errorCode, ErrorCode.NONE);
  const fetched = async (requireStable: boolean) => {
    const { groups } = await ask(test.state, offsetFetch, [OffsetFetchRequest, OffsetFetchResponse], 8, {
      groups: [{ groupId: "g", topics: [{ name: "t", partitionIndexes: [0] }] }],
      requireStable,
    });
    const { errorCode, committedOffset } = groups[0]?.topics[0]?.partitions[0] ?? assert.fail("no answer");
    return [errorCode, committedOffset];
  };
  assert.deepEqual(await fetched(true), [ErrorCode.UNSTABLE_OFFSET_COMMIT, -1n]);
  assert.deepEqual(await fetched(false), [ErrorCode.NONE, -1n]);
  await test.end(true);
  assert.deepEqual(await fetched(true), [ErrorCode.NONE, 7n]);
});

Deno.test("AddPartitionsToTxn with verifyOnly tells what is in a transaction, and changes nothing", async () => {
  using test = await setUp();
  const verify = async (producerEpoch = test.producer.producerEpoch, partition = 0) => {
    const { resultsByTransaction } = await ask(
      test.state,
      addPartitionsToTxn,
      [AddPartitionsToTxnRequest, AddPartitionsToTxnResponse],
      5,
      {
        transactions: [{
          transactionalId: TX,
          ...test.producer,
          producerEpoch,
          verifyOnly: true,
          topics: [{ name: "t", partitions: [partition] }],
        }],
      },
    );
    return resultsByTransaction[0]?.topicResults[0]?.resultsByPartition[0]?.partitionErrorCode;
  };
  assert.equal(await verify(), ErrorCode.TRANSACTION_ABORTABLE);
  assert.equal(test.state.transactions.get(TX)?.state, "Empty");
  await test.send("a", 0);
  assert.equal(await verify(), ErrorCode.NONE);
  assert.equal(await verify(9), ErrorCode.PRODUCER_FENCED);
  assert.equal(await verify(0, 1), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
});
