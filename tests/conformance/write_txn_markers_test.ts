/** WriteTxnMarkers: how a person ends a transaction that hangs, and what is refused. */
import assert from "node:assert/strict";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { batchOf } from "../support/batches.ts";
import { conform, type Conformance, like, type ProducerId, type Topic, until } from "../support/conform.ts";
import { DescribeProducers, EndTxn, Fetch, Produce, WriteTxnMarkers } from "../support/wire_pairs.ts";
import { fetchOf, produceOf } from "./requests.ts";

const NONE = ErrorCode.NONE;
const READ_COMMITTED = 1;
const PRODUCE_WITH_890 = 12;
const END_WITH_890 = 5;
/** From here on a marker says by which rules its epoch was chosen. */
const TRANSACTION_VERSION_SINCE = 2;
const EPOCH_PER_TRANSACTION = 2;

interface Transaction extends ProducerId {
  readonly transactionalId: string;
  readonly topic: Topic;
}

async function produce({ ask }: Conformance, of: Transaction, baseSequence: number) {
  const { transactionalId, producerId, producerEpoch, topic } = of;
  const records = batchOf(["a"], { producerId, producerEpoch, baseSequence, isTransactional: true });
  const { responses } = await ask(Produce, produceOf(topic, records, { transactionalId }), PRODUCE_WITH_890);
  return responses[0]?.partitionResponses[0] ?? assert.fail("no answer for the partition");
}

/** A transaction that is under way, with a record. */
async function underWay(test: Conformance): Promise<Transaction> {
  const transactionalId = await test.newTransactionalId();
  const topic = await test.newTopic();
  const of = { transactionalId, topic, ...await test.newProducer(transactionalId) };
  like(await produce(test, of, 0), { errorCode: NONE, baseOffset: 0n });
  return of;
}

/** Writes a marker. @returns the error code */
async function mark(
  { ask }: Conformance,
  { producerId, producerEpoch, topic }: Pick<Transaction, "producerId" | "producerEpoch" | "topic">,
  { transactionResult = false, coordinatorEpoch = 0, transactionVersion = 0, partition = 0 } = {},
): Promise<number> {
  const topics = [{ name: topic.name, partitionIndexes: [partition] }];
  const marker = { producerId, producerEpoch, transactionResult, coordinatorEpoch, topics };
  const { markers } = await ask(WriteTxnMarkers, { markers: [{ ...marker, transactionVersion }] });
  like(markers, [{
    producerId,
    topics: [{ name: topic.name, partitions: [{ partitionIndex: partition }] }],
  }]);
  return markers[0]?.topics[0]?.partitions[0]?.errorCode ?? assert.fail("no answer for the partition");
}

async function fetch({ ask }: Conformance, topic: Topic) {
  const { responses } = await ask(Fetch, fetchOf(topic, 0n, { isolationLevel: READ_COMMITTED }));
  return responses[0]?.partitions[0] ?? assert.fail("no answer for the partition");
}

async function producers({ ask }: Conformance, { name }: Topic) {
  const { topics } = await ask(DescribeProducers, { topics: [{ name, partitionIndexes: [0] }] });
  return topics[0]?.partitions[0]?.activeProducers ?? assert.fail("no answer for the partition");
}

conform(WriteTxnMarkers, "aborts and commits what is under way", async (test) => {
  for (const transactionResult of [false, true]) {
    const of = await underWay(test);
    const { producerId, producerEpoch, topic } = of;
    like(await fetch(test, topic), { highWatermark: 1n, lastStableOffset: 0n });
    assert.equal(await mark(test, of, { transactionResult, coordinatorEpoch: 3 }), NONE);
    like(await fetch(test, topic), {
      highWatermark: 2n,
      lastStableOffset: 2n,
      abortedTransactions: transactionResult ? [] : [{ producerId, firstOffset: 0n }],
    });
    like(await producers(test, topic), [
      { producerId, producerEpoch, coordinatorEpoch: 3, currentTxnStartOffset: -1n },
    ]);
  }
});

conform(WriteTxnMarkers, "leaves the transaction to its coordinator, which ends it again", async (test) => {
  const { ask } = test;
  const of = await underWay(test);
  const { transactionalId, producerId, producerEpoch, topic } = of;
  assert.equal(await mark(test, of), NONE);
  // The producer goes on, and knows nothing of it.
  like(await produce(test, of, 1), { errorCode: NONE, baseOffset: 2n });
  like(await fetch(test, topic), { highWatermark: 3n, lastStableOffset: 2n });
  const ended = await ask(
    EndTxn,
    { transactionalId, producerId, producerEpoch, committed: true },
    END_WITH_890,
  );
  like(ended, { errorCode: NONE, producerEpoch: producerEpoch + 1 });
  await until(async () => (await fetch(test, topic)).lastStableOffset === 4n);
  like(await fetch(test, topic), { abortedTransactions: [{ producerId, firstOffset: 0n }] });
});

conform(WriteTxnMarkers, "takes a marker where nothing is under way", async (test) => {
  const topic = await test.newTopic();
  const producer = await test.newProducer();
  assert.equal(await mark(test, { ...producer, topic }), NONE);
  assert.equal(await mark(test, { ...producer, topic }), NONE);
  like(await fetch(test, topic), { highWatermark: 2n, lastStableOffset: 2n, abortedTransactions: [] });
  like(await producers(test, topic), [{ ...producer, coordinatorEpoch: 0, lastSequence: -1 }]);
});

conform(WriteTxnMarkers, "refuses an epoch of the past", async (test) => {
  const of = await underWay(test);
  const { producerEpoch } = of;
  const newer = { ...of, producerEpoch: producerEpoch + 2 };
  assert.equal(await mark(test, newer, { coordinatorEpoch: 5 }), NONE);
  assert.equal(await mark(test, of, { coordinatorEpoch: 5 }), ErrorCode.INVALID_PRODUCER_EPOCH);
  const fenced = ErrorCode.TRANSACTION_COORDINATOR_FENCED;
  assert.equal(await mark(test, newer, { coordinatorEpoch: 4 }), fenced);
  like(await fetch(test, of.topic), { highWatermark: 2n });
  like(await produce(test, of, 1), { errorCode: ErrorCode.INVALID_PRODUCER_EPOCH });
});

conform(WriteTxnMarkers, "takes only a newer epoch where each transaction has its own", async (test) => {
  const of = await underWay(test);
  const transactionVersion = EPOCH_PER_TRANSACTION;
  const isKnown = test.version >= TRANSACTION_VERSION_SINCE;
  assert.equal(
    await mark(test, of, { transactionVersion }),
    isKnown ? ErrorCode.INVALID_PRODUCER_EPOCH : NONE,
  );
  const next = { ...of, producerEpoch: of.producerEpoch + 1 };
  assert.equal(await mark(test, next, { transactionVersion }), NONE);
  const endOffset = isKnown ? 2n : 3n;
  like(await fetch(test, of.topic), { highWatermark: endOffset, lastStableOffset: endOffset });
});

conform(WriteTxnMarkers, "takes a marker again that is there already", async (test) => {
  const of = await underWay(test);
  const next = { ...of, producerEpoch: of.producerEpoch + 1 };
  for (const endOffset of [2n, 3n]) {
    assert.equal(await mark(test, next, { transactionVersion: EPOCH_PER_TRANSACTION }), NONE);
    like(await fetch(test, of.topic), { highWatermark: endOffset, lastStableOffset: endOffset });
  }
});

conform(WriteTxnMarkers, "knows which partitions there are", async (test) => {
  const { ask } = test;
  const of = await underWay(test);
  const { producerId, producerEpoch, topic } = of;
  const unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  assert.equal(await mark(test, of, { partition: 7 }), unknown);
  assert.equal(await mark(test, { ...of, topic: { ...topic, name: `${topic.name}-none` } }), unknown);
  assert.deepEqual((await ask(WriteTxnMarkers, { markers: [] })).markers, []);
  const marker = {
    producerEpoch,
    transactionResult: false,
    coordinatorEpoch: 0,
    topics: [{ name: topic.name, partitionIndexes: [0, 7] }],
  };
  const other = await test.newProducer();
  const { markers } = await ask(WriteTxnMarkers, {
    markers: [{ ...marker, producerId }, { ...marker, ...other }],
  });
  const codes = markers.toSorted((a, b) => a.producerId < b.producerId ? -1 : 1)
    .map(({ producerId, topics }) => [
      producerId,
      ...topics.flatMap(({ partitions }) => partitions)
        .toSorted((a, b) => a.partitionIndex - b.partitionIndex)
        .map(({ errorCode }) => errorCode),
    ]);
  assert.deepEqual(codes, [[producerId, NONE, unknown], [other.producerId, NONE, unknown]]);
  like(await fetch(test, topic), { highWatermark: 3n, lastStableOffset: 3n });
});

conform(WriteTxnMarkers, "refuses what no producer can have", async (test) => {
  const of = await underWay(test);
  const unknown = ErrorCode.UNKNOWN_SERVER_ERROR;
  assert.equal(await mark(test, { ...of, producerId: -1n }), unknown);
  assert.equal(await mark(test, { ...of, producerEpoch: -1 }), unknown);
  const { producerId, producerEpoch } = await test.newProducer();
  const fenced = ErrorCode.TRANSACTION_COORDINATOR_FENCED;
  for (const one of [of, { ...of, producerId, producerEpoch }]) {
    assert.equal(await mark(test, one, { coordinatorEpoch: -7 }), fenced);
  }
  like(await fetch(test, of.topic), { highWatermark: 1n, lastStableOffset: 0n });
});
