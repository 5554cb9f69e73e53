/** Producers and their transactions: InitProducerId, AddPartitionsToTxn to EndTxn, and what describes them. */
import assert from "node:assert/strict";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { batchOf, contentOf } from "../support/batches.ts";
import {
  type Ask,
  conform,
  type Conformance,
  like,
  type ProducerId,
  type Topic,
  until,
} from "../support/conform.ts";
import {
  AddOffsetsToTxn,
  AddPartitionsToTxn,
  DescribeProducers,
  DescribeTransactions,
  EndTxn,
  Fetch,
  FindCoordinator,
  InitProducerId,
  ListOffsets,
  ListTransactions,
  OffsetFetch,
  Produce,
  TxnOffsetCommit,
} from "../support/wire_pairs.ts";
import { committedOf, fetchOf, offsetsOf, produceOf } from "./requests.ts";

const NONE = ErrorCode.NONE;
const READ_COMMITTED = 1;
const LATEST = -1n;
/** From here on the epoch is bumped with each transaction (KIP-890). */
const EPOCH_PER_TRANSACTION = 5;
/** A producer's version of Produce that adds partitions on its own, and one that does not. */
const PRODUCE_BEFORE_890 = 11;
const END_BEFORE_890 = 4;
const ADD_BEFORE_890 = 3;

interface Transaction extends ProducerId {
  readonly transactionalId: string;
}

/** A transactional producer that has begun nothing. */
async function producerOf({ newProducer, newTransactionalId }: Conformance): Promise<Transaction> {
  const transactionalId = await newTransactionalId();
  return { transactionalId, ...await newProducer(transactionalId) };
}

/** Adds partition 0 of a topic, as producers before KIP-890 do. @returns the error code */
async function add(ask: Ask, of: Transaction, topic: Topic, partition = 0): Promise<number> {
  const answer = await ask(AddPartitionsToTxn, {
    v3AndBelowTransactionalId: of.transactionalId,
    v3AndBelowProducerId: of.producerId,
    v3AndBelowProducerEpoch: of.producerEpoch,
    v3AndBelowTopics: [{ name: topic.name, partitions: [partition] }],
  }, ADD_BEFORE_890);
  return answer.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode ??
    assert.fail("no answer");
}

/** Adds once the transaction before is wholly ended. */
async function addSoon(ask: Ask, of: Transaction, topic: Topic): Promise<void> {
  await until(async () => {
    const code = await add(ask, of, topic);
    assert.ok(code === NONE || code === ErrorCode.CONCURRENT_TRANSACTIONS, `${code}`);
    return code === NONE;
  });
}

async function produce(
  ask: Ask,
  of: Transaction,
  topic: Topic,
  baseSequence: number,
  values: string[],
  version = PRODUCE_BEFORE_890,
) {
  const { transactionalId, producerId, producerEpoch } = of;
  const records = batchOf(values, { producerId, producerEpoch, baseSequence, isTransactional: true });
  const { responses } = await ask(
    Produce,
    produceOf(topic, records, { transactionalId }),
    version,
  );
  return responses[0]?.partitionResponses[0] ?? assert.fail("no answer for the partition");
}

function ending({ transactionalId, producerId, producerEpoch }: Transaction, committed: boolean) {
  return { transactionalId, producerId, producerEpoch, committed };
}

async function fetch(ask: Ask, topic: Topic, isolationLevel = READ_COMMITTED) {
  const { responses } = await ask(Fetch, fetchOf(topic, 0n, { isolationLevel }));
  return responses[0]?.partitions[0] ?? assert.fail("no answer for the partition");
}

/** Until no transaction is open in the partition. */
async function untilStable(ask: Ask, topic: Topic): Promise<void> {
  await until(async () => {
    const { lastStableOffset, highWatermark } = await fetch(ask, topic);
    return lastStableOffset === highWatermark;
  });
}

conform(InitProducerId, "gives each producer an id of its own", async ({ ask, newProducer }) => {
  await newProducer();
  const init = async () => await ask(InitProducerId, { transactionalId: null, transactionTimeoutMs: 60_000 });
  const [first, second] = [await init(), await init()];
  like(first, { errorCode: NONE, producerEpoch: 0 });
  assert.ok(second.producerId > first.producerId);
});

conform(InitProducerId, "raises the epoch of a transactional id", async ({ ask, newTransactionalId }) => {
  const transactionalId = await newTransactionalId();
  const init = async (more = {}) =>
    await ask(InitProducerId, { transactionalId, transactionTimeoutMs: 60_000, ...more });
  const first = await init();
  like(first, { errorCode: NONE, producerEpoch: 0 });
  like(await init(), { errorCode: NONE, producerId: first.producerId, producerEpoch: 1 });
});

conform(
  InitProducerId,
  "knows which epoch a producer may continue from",
  async ({ ask, newTransactionalId }) => {
    const transactionalId = await newTransactionalId();
    const init = async (more = {}) =>
      await ask(InitProducerId, { transactionalId, transactionTimeoutMs: 60_000, ...more });
    const { producerId } = await init();
    like(await init({ producerId, producerEpoch: 0 }), { errorCode: NONE, producerId, producerEpoch: 1 });
    // The same again, as after a lost answer.
    like(await init({ producerId, producerEpoch: 0 }), { errorCode: NONE, producerId, producerEpoch: 1 });
    like(await init({ producerId, producerEpoch: 1 }), { errorCode: NONE, producerId, producerEpoch: 2 });
    like(await init({ producerId, producerEpoch: 0 }), { errorCode: ErrorCode.PRODUCER_FENCED });
    like(await init({ producerId: producerId + 99n, producerEpoch: 0 }), {
      errorCode: ErrorCode.PRODUCER_FENCED,
    });
    like(await init({ producerId: 5n, producerEpoch: -1 }), { errorCode: ErrorCode.INVALID_REQUEST });
  },
  { versions: [4, 5] },
);

conform(InitProducerId, "refuses what cannot be", async ({ ask, newTransactionalId }) => {
  const transactionalId = await newTransactionalId();
  like(await ask(InitProducerId, { transactionalId: "", transactionTimeoutMs: 60_000 }), {
    errorCode: ErrorCode.INVALID_REQUEST,
  });
  for (const transactionTimeoutMs of [0, -1, 99_000_000]) {
    like(await ask(InitProducerId, { transactionalId, transactionTimeoutMs }), {
      errorCode: ErrorCode.INVALID_TRANSACTION_TIMEOUT,
      producerId: -1n,
    });
  }
});

conform(AddPartitionsToTxn, "adds partitions, all or none", async (test) => {
  const { ask, newTopic, version } = test;
  const of = await producerOf(test);
  const topic = await newTopic({ partitions: 2 });
  const request = (more: Partial<Transaction>, partitions: number[]) => {
    const { transactionalId, producerId, producerEpoch } = { ...of, ...more };
    const topics = [{ name: topic.name, partitions }];
    return {
      transactions: [{ transactionalId, producerId, producerEpoch, topics }],
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: topics,
    };
  };
  const codes = async (more: Partial<Transaction>, partitions = [0, 1]) => {
    const answer = await ask(AddPartitionsToTxn, request(more, partitions));
    assert.equal(answer.errorCode, NONE);
    const topics = answer.resultsByTransaction[0]?.topicResults ?? answer.resultsByTopicV3AndBelow;
    return topics.flatMap(({ resultsByPartition }) => resultsByPartition)
      .toSorted((a, b) => a.partitionIndex - b.partitionIndex).map(({ partitionErrorCode }) =>
        partitionErrorCode
      );
  };
  if (version > ADD_BEFORE_890) {
    // Only brokers ask so: without the right to the cluster a client could not.
    assert.deepEqual(await codes({}), [NONE, NONE]);
    return;
  }
  const mapping = ErrorCode.INVALID_PRODUCER_ID_MAPPING;
  assert.deepEqual(await codes({ transactionalId: `${of.transactionalId}-none` }), [mapping, mapping]);
  assert.deepEqual(await codes({ producerId: of.producerId + 99n }), [mapping, mapping]);
  const fenced = version >= 2 ? ErrorCode.PRODUCER_FENCED : ErrorCode.INVALID_PRODUCER_EPOCH;
  assert.deepEqual(await codes({ producerEpoch: of.producerEpoch + 1 }), [fenced, fenced]);
  assert.deepEqual(await codes({}, [0, 9]), [
    ErrorCode.OPERATION_NOT_ATTEMPTED,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ]);
  assert.deepEqual(await codes({}), [NONE, NONE]);
  assert.deepEqual(await codes({}), [NONE, NONE]);
});

conform(EndTxn, "commits: what was produced is seen then", async (test) => {
  const { ask, newTopic, version } = test;
  const of = await producerOf(test);
  const topic = await newTopic();
  await addSoon(ask, of, topic);
  like(await produce(ask, of, topic, 0, ["a", "b"]), { errorCode: NONE, baseOffset: 0n });
  like(await fetch(ask, topic), { highWatermark: 2n, lastStableOffset: 0n, records: new Uint8Array() });
  const uncommitted = await fetch(ask, topic, 0);
  assert.deepEqual(contentOf(uncommitted.records ?? new Uint8Array()), ["0:a", "1:b"]);
  const latest = async (isolationLevel: number) => {
    const { topics } = await ask(ListOffsets, offsetsOf(topic, LATEST, { isolationLevel }));
    return topics[0]?.partitions[0]?.offset;
  };
  assert.deepEqual([await latest(0), await latest(READ_COMMITTED)], [2n, 0n]);
  const ended = await ask(EndTxn, ending(of, true));
  const isBumped = version >= EPOCH_PER_TRANSACTION;
  like(ended, {
    errorCode: NONE,
    producerId: isBumped ? of.producerId : -1n,
    producerEpoch: isBumped ? of.producerEpoch + 1 : -1,
  });
  await untilStable(ask, topic);
  const committed = await fetch(ask, topic);
  like(committed, { highWatermark: 3n, lastStableOffset: 3n, abortedTransactions: [] });
  assert.deepEqual(contentOf(committed.records ?? new Uint8Array()).slice(0, 2), ["0:a", "1:b"]);
  assert.equal(await latest(READ_COMMITTED), 3n);
  // The same once more, as after a lost answer.
  like(await ask(EndTxn, ending(of, true)), { errorCode: NONE });
});

conform(EndTxn, "aborts: readers are told what to leave out", async (test) => {
  const { ask, newTopic } = test;
  const of = await producerOf(test);
  const topic = await newTopic();
  await addSoon(ask, of, topic);
  await produce(ask, of, topic, 0, ["a", "b"]);
  like(await ask(EndTxn, ending(of, false)), { errorCode: NONE });
  await untilStable(ask, topic);
  like(await fetch(ask, topic), {
    highWatermark: 3n,
    lastStableOffset: 3n,
    abortedTransactions: [{ producerId: of.producerId, firstOffset: 0n }],
  });
  like(await fetch(ask, topic, 0), { abortedTransactions: null });
});

conform(EndTxn, "refuses what cannot be", async (test) => {
  const { ask, newTopic, version } = test;
  const of = await producerOf(test);
  const topic = await newTopic();
  const end = async (more: Partial<Transaction> = {}, committed = true) =>
    (await ask(EndTxn, ending({ ...of, ...more }, committed))).errorCode;
  assert.equal(
    await end({ transactionalId: `${of.transactionalId}-none` }),
    ErrorCode.INVALID_PRODUCER_ID_MAPPING,
  );
  assert.equal(await end({ producerId: of.producerId + 99n }), ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  const fenced = version >= 2 ? ErrorCode.PRODUCER_FENCED : ErrorCode.INVALID_PRODUCER_EPOCH;
  assert.equal(await end({ producerEpoch: of.producerEpoch + 5 }), fenced);
  // Nothing was begun.
  assert.equal(await end(), ErrorCode.INVALID_TXN_STATE);
  await addSoon(ask, of, topic);
  assert.equal(await end({}, true), NONE);
  await untilStable(ask, topic);
  await until(async () => await end({}, false) !== ErrorCode.CONCURRENT_TRANSACTIONS);
  if (version < EPOCH_PER_TRANSACTION) assert.equal(await end({}, false), ErrorCode.INVALID_TXN_STATE);
});

conform(InitProducerId, "aborts what its transactional id has left open", async (test) => {
  const { ask, newTopic } = test;
  const of = await producerOf(test);
  const topic = await newTopic();
  await addSoon(ask, of, topic);
  await produce(ask, of, topic, 0, ["a"]);
  const init = async () =>
    await ask(InitProducerId, { transactionalId: of.transactionalId, transactionTimeoutMs: 60_000 });
  let next = await init();
  await until(async () => {
    if (next.errorCode === ErrorCode.CONCURRENT_TRANSACTIONS) next = await init();
    return next.errorCode === NONE;
  });
  assert.ok(next.producerEpoch > of.producerEpoch);
  await untilStable(ask, topic);
  like(await fetch(ask, topic), { abortedTransactions: [{ producerId: of.producerId, firstOffset: 0n }] });
  // Who had the id before is fenced.
  like(await produce(ask, of, topic, 1, ["b"]), { errorCode: ErrorCode.INVALID_PRODUCER_EPOCH });
  assert.equal(await add(ask, of, topic), ErrorCode.PRODUCER_FENCED);
});

conform(Produce, "takes no transactional batch of a partition that is not added", async (test) => {
  const of = await producerOf(test);
  const topic = await test.newTopic();
  const errorCode = test.version >= 11 ? ErrorCode.TRANSACTION_ABORTABLE : ErrorCode.INVALID_TXN_STATE;
  like(await produce(test.ask, of, topic, 0, ["a"], test.version), { errorCode, baseOffset: -1n });
}, { versions: [3, 10, 11] });

conform(Produce, "adds the partition to the transaction itself", async (test) => {
  const { ask, newTopic, version } = test;
  const of = await producerOf(test);
  const topic = await newTopic();
  const { transactionalId, producerId, producerEpoch } = of;
  const records = batchOf(["a"], { producerId, producerEpoch, baseSequence: 0, isTransactional: true });
  const { responses } = await ask(Produce, produceOf(topic, records, { transactionalId }), version);
  like(responses[0]?.partitionResponses, [{ errorCode: NONE, baseOffset: 0n }]);
  like(await ask(EndTxn, ending(of, true)), {
    errorCode: NONE,
    producerId,
    producerEpoch: producerEpoch + 1,
  });
  await untilStable(ask, topic);
  like(await fetch(ask, topic), { highWatermark: 2n, abortedTransactions: [] });
  // The epoch before is of the transaction before.
  const again = await ask(Produce, produceOf(topic, records, { transactionalId }), version);
  like(again.responses[0]?.partitionResponses, [{ errorCode: ErrorCode.INVALID_PRODUCER_EPOCH }]);
}, { versions: [12, 13] });

conform(TxnOffsetCommit, "commits offsets with the transaction", async (test) => {
  const { ask, newTopic, newGroup, version } = test;
  const topic = await newTopic();
  for (const isCommitted of [true, false]) {
    const of = await producerOf(test);
    const groupId = await newGroup();
    if (version < 5) like(await ask(AddOffsetsToTxn, { ...of, groupId }, 3), { errorCode: NONE });
    const partitions = [{ partitionIndex: 0, committedOffset: 4n, committedMetadata: "four" }];
    const answer = await ask(TxnOffsetCommit, { ...of, groupId, topics: [{ name: topic.name, partitions }] });
    like(answer.topics, [{ name: topic.name, partitions: [{ partitionIndex: 0, errorCode: NONE }] }]);
    const committed = async (requireStable: boolean) => {
      const { groups } = await ask(OffsetFetch, committedOf(groupId, topic, { requireStable }), 9);
      return groups[0]?.topics[0]?.partitions[0];
    };
    like(await committed(false), { committedOffset: -1n, errorCode: NONE });
    like(await committed(true), { committedOffset: -1n, errorCode: ErrorCode.UNSTABLE_OFFSET_COMMIT });
    const endVersion = version < 5 ? END_BEFORE_890 : 5;
    like(await ask(EndTxn, ending(of, isCommitted), endVersion), { errorCode: NONE });
    await until(async () => (await committed(true))?.errorCode === NONE);
    like(await committed(true), {
      committedOffset: isCommitted ? 4n : -1n,
      metadata: isCommitted ? "four" : "",
    });
  }
});

conform(TxnOffsetCommit, "refuses what cannot be", async (test) => {
  const { ask, newTopic, newGroup, version } = test;
  const topic = await newTopic();
  const of = await producerOf(test);
  const groupId = await newGroup();
  await ask(AddOffsetsToTxn, { ...of, groupId }, 3);
  const code = async (
    more: Partial<Transaction> & { memberId?: string; generationId?: number },
    partition = 0,
  ) => {
    const partitions = [{ partitionIndex: partition, committedOffset: 4n, committedMetadata: "" }];
    const { topics } = await ask(TxnOffsetCommit, {
      ...of,
      groupId,
      ...more,
      topics: [{ name: topic.name, partitions }],
    });
    return topics[0]?.partitions[0]?.errorCode;
  };
  assert.equal(await code({}), NONE);
  assert.equal(await code({}, 9), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  if (version < 3) return;
  assert.equal(await code({ memberId: "nobody", generationId: 1 }), ErrorCode.UNKNOWN_MEMBER_ID);
});

conform(AddOffsetsToTxn, "refuses producers that are not there", async (test) => {
  const { ask, newGroup, version } = test;
  const of = await producerOf(test);
  const groupId = await newGroup();
  const code = async (more: Partial<Transaction>) =>
    (await ask(AddOffsetsToTxn, { ...of, groupId, ...more })).errorCode;
  assert.equal(
    await code({ transactionalId: `${of.transactionalId}-none` }),
    ErrorCode.INVALID_PRODUCER_ID_MAPPING,
  );
  assert.equal(await code({ producerId: of.producerId + 99n }), ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  const fenced = version >= 2 ? ErrorCode.PRODUCER_FENCED : ErrorCode.INVALID_PRODUCER_EPOCH;
  assert.equal(await code({ producerEpoch: of.producerEpoch + 5 }), fenced);
  assert.equal(await code({}), NONE);
});

conform(DescribeTransactions, "describes a transaction through its life", async (test) => {
  const { ask, newTopic } = test;
  const of = await producerOf(test);
  const topic = await newTopic({ partitions: 2 });
  const describe = async (id = of.transactionalId) =>
    (await ask(DescribeTransactions, { transactionalIds: [id] })).transactionStates;
  const { transactionalId, producerId, producerEpoch } = of;
  const state = { errorCode: NONE, transactionalId, transactionTimeoutMs: 60_000, producerId, producerEpoch };
  like(await describe(), [{ ...state, transactionState: "Empty", transactionStartTimeMs: -1n, topics: [] }]);
  await addSoon(ask, of, topic);
  const open = await describe();
  like(open, [{ ...state, transactionState: "Ongoing", topics: [{ topic: topic.name, partitions: [0] }] }]);
  assert.ok((open[0]?.transactionStartTimeMs ?? 0n) > 1_600_000_000_000n);
  await ask(EndTxn, ending(of, true), END_BEFORE_890);
  await until(async () => (await describe())[0]?.transactionState === "CompleteCommit");
  like(await describe(), [{ topics: [] }]);
  like(await describe(`${transactionalId}-none`), [{ errorCode: ErrorCode.TRANSACTIONAL_ID_NOT_FOUND }]);
});

conform(ListTransactions, "lists by state, producer, duration and name", async (test) => {
  const { ask, newTopic, version } = test;
  const of = await producerOf(test);
  const { transactionalId, producerId } = of;
  const find = async (filters = {}) => {
    const { errorCode, transactionStates } = await ask(ListTransactions, {
      stateFilters: [],
      producerIdFilters: [],
      ...filters,
    });
    assert.equal(errorCode, NONE);
    return transactionStates.find((state) => state.transactionalId === transactionalId);
  };
  like(await find(), { transactionalId, producerId, transactionState: "Empty" });
  await addSoon(ask, of, await newTopic());
  like(await find({ stateFilters: ["Ongoing"] }), { transactionState: "Ongoing" });
  assert.equal(await find({ stateFilters: ["Empty"] }), undefined);
  like(await find({ producerIdFilters: [producerId] }), { transactionalId });
  assert.equal(await find({ producerIdFilters: [producerId + 99n] }), undefined);
  const unknown = await ask(ListTransactions, { stateFilters: ["Sleeping"], producerIdFilters: [] });
  assert.deepEqual(unknown.unknownStateFilters, ["Sleeping"]);
  if (version >= 1) assert.equal(await find({ durationFilter: 60_000n }), undefined);
  if (version < 2) return;
  like(await find({ transactionalIdPattern: `${transactionalId.slice(0, 12)}.*` }), { transactionalId });
  assert.equal(await find({ transactionalIdPattern: "other.*" }), undefined);
  const invalid = await ask(ListTransactions, {
    stateFilters: [],
    producerIdFilters: [],
    transactionalIdPattern: "(",
  });
  assert.equal(invalid.errorCode, ErrorCode.INVALID_REGULAR_EXPRESSION);
});

conform(DescribeProducers, "describes who produces into a partition", async (test) => {
  const { ask, newTopic } = test;
  const of = await producerOf(test);
  const topic = await newTopic();
  const describe = async (partition = 0) => {
    const topics = [{ name: topic.name, partitionIndexes: [partition] }];
    return (await ask(DescribeProducers, { topics })).topics[0]?.partitions[0];
  };
  like(await describe(), { partitionIndex: 0, errorCode: NONE, errorMessage: null, activeProducers: [] });
  await addSoon(ask, of, topic);
  await produce(ask, of, topic, 0, ["a", "b"]);
  const { producerId, producerEpoch } = of;
  like(await describe(), {
    activeProducers: [{
      producerId,
      producerEpoch,
      lastSequence: 1,
      coordinatorEpoch: -1,
      currentTxnStartOffset: 0n,
    }],
  });
  await ask(EndTxn, ending(of, true), END_BEFORE_890);
  await untilStable(ask, topic);
  like(await describe(), {
    activeProducers: [{ producerId, currentTxnStartOffset: -1n, coordinatorEpoch: 0 }],
  });
  like(await describe(9), { partitionIndex: 9, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION });
});

conform(FindCoordinator, "finds one for a transaction without a name", async ({ ask, version }) => {
  const answer = await ask(FindCoordinator, { key: "", keyType: 1, coordinatorKeys: [""] });
  const [found] = version >= 4 ? answer.coordinators : [answer];
  like(found, { errorCode: NONE });
}, { versions: [1, 6] });
