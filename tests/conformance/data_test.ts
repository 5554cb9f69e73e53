/** What goes into partitions and comes out of them: Produce, Fetch, ListOffsets, DeleteRecords, OffsetForLeaderEpoch. */
import assert from "node:assert/strict";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { batchOf, contentOf, type TestBatch } from "../support/batches.ts";
import { type Ask, conform, like, type Topic } from "../support/conform.ts";
import { DeleteRecords, Fetch, ListOffsets, OffsetForLeaderEpoch, Produce } from "../support/wire_pairs.ts";
import {
  batchFrom,
  fetchOf,
  type FetchOptions,
  offsetsOf,
  produceOf,
  type ProduceOptions,
} from "./requests.ts";

const UNKNOWN: Topic = { name: "conform-unknown", topicId: "00000000-0000-4000-8000-00000000c0de" };
/** Longer than a client waits for an answer here. */
const LONG_MS = 50_000;
const T0 = 1_700_000_000_000;
const LATEST = -1n;
const EARLIEST = -2n;
const MAX_TIMESTAMP = -3n;
const EARLIEST_LOCAL = -4n;
const LATEST_TIERED = -5n;
/** Names gave way to ids. */
const PRODUCE_BY_ID = 13;
const FETCH_BY_ID = 13;
const FETCH_SESSIONS = 7;
const ISOLATION_LEVELS = 2;

/** The answer for the one partition that was asked about. */
async function produce(ask: Ask, topic: Topic, records: Uint8Array | null, options: ProduceOptions = {}) {
  const { responses } = await ask(Produce, produceOf(topic, records, options));
  return responses[0]?.partitionResponses[0] ?? assert.fail("no answer for the partition");
}

async function fetch(ask: Ask, topic: Topic, offset: bigint, options: FetchOptions = {}) {
  const answer = await ask(Fetch, fetchOf(topic, offset, options));
  assert.equal(answer.errorCode, ErrorCode.NONE);
  return answer.responses[0]?.partitions[0] ?? assert.fail("no answer for the partition");
}

async function content(ask: Ask, topic: Topic, offset = 0n, options: FetchOptions = {}) {
  return contentOf((await fetch(ask, topic, offset, options)).records ?? new Uint8Array());
}

conform(Produce, "answers with base offsets that rise by the records", async ({ ask, newTopic, version }) => {
  const topic = await newTopic();
  const since = (first: number, value: bigint) => version >= first ? value : -1n;
  like(await produce(ask, topic, batchOf(["a", "b"])), {
    index: 0,
    errorCode: ErrorCode.NONE,
    baseOffset: 0n,
    logAppendTimeMs: -1n,
    logStartOffset: since(5, 0n),
    recordErrors: [],
    errorMessage: null,
  });
  like(await produce(ask, topic, batchOf(["c"], { compression: "gzip" })), { baseOffset: 2n });
  like(await produce(ask, topic, batchOf(["d"]), { acks: 1 }), { baseOffset: 3n });
  assert.deepEqual(await content(ask, topic), ["0:a", "1:b", "2:c", "3:d"]);
});

conform(Produce, "answers the append time where the topic keeps that", async ({ ask, newTopic }) => {
  const topic = await newTopic({ configs: { "message.timestamp.type": "LogAppendTime" } });
  const { errorCode, logAppendTimeMs } = await produce(ask, topic, batchOf(["a"], { timestamp: 1 }));
  assert.equal(errorCode, ErrorCode.NONE);
  assert.ok(logAppendTimeMs > 1_600_000_000_000n);
});

conform(Produce, "refuses a topic and a partition that are not there", async ({ ask, newTopic, version }) => {
  const topic = await newTopic();
  const unknownTopic = version >= PRODUCE_BY_ID
    ? ErrorCode.UNKNOWN_TOPIC_ID
    : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  like(await produce(ask, UNKNOWN, batchOf(["a"])), { errorCode: unknownTopic, baseOffset: -1n });
  like(await produce(ask, topic, batchOf(["a"]), { index: 7 }), {
    index: 7,
    errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    baseOffset: -1n,
    logStartOffset: -1n,
  });
});

conform(Produce, "refuses other acks than -1, 0 and 1", async ({ ask, newTopic }) => {
  const topic = await newTopic();
  for (const acks of [2, -2]) {
    like(await produce(ask, topic, batchOf(["a"]), { acks }), { errorCode: ErrorCode.INVALID_REQUIRED_ACKS });
  }
});

conform(Produce, "refuses a batch with a wrong checksum", async ({ ask, newTopic }) => {
  const topic = await newTopic();
  const records = batchOf(["a"]);
  records[records.length - 2] = 0x7f;
  like(await produce(ask, topic, records), { errorCode: ErrorCode.CORRUPT_MESSAGE, baseOffset: -1n });
});

conform(Produce, "refuses a batch over max.message.bytes", async ({ ask, newTopic }) => {
  const topic = await newTopic({ configs: { "max.message.bytes": "200" } });
  like(await produce(ask, topic, batchOf(["a".repeat(100)])), { errorCode: ErrorCode.NONE });
  like(await produce(ask, topic, batchOf(["a".repeat(200)])), {
    errorCode: ErrorCode.MESSAGE_TOO_LARGE,
    baseOffset: -1n,
  });
});

conform(
  Produce,
  "refuses a record without a key in a compacted topic",
  async ({ ask, newTopic, version }) => {
    const topic = await newTopic({ configs: { "cleanup.policy": "compact" } });
    const answer = await produce(ask, topic, batchOf(["a", "b"]));
    assert.equal(answer.errorCode, ErrorCode.INVALID_RECORD);
    if (version < 8) return;
    assert.deepEqual(answer.recordErrors.map(({ batchIndex }) => batchIndex), [0, 1]);
  },
);

conform(Produce, "refuses timestamps that the topic does not allow", async ({ ask, newTopic }) => {
  const topic = await newTopic({
    configs: { "message.timestamp.before.max.ms": "1000", "message.timestamp.after.max.ms": "1000" },
  });
  like(await produce(ask, topic, batchOf(["a"], { timestamp: Date.now() })), { errorCode: ErrorCode.NONE });
  for (const timestamp of [Date.now() - 60_000, Date.now() + 60_000]) {
    like(await produce(ask, topic, batchOf(["a"], { timestamp })), {
      errorCode: ErrorCode.INVALID_TIMESTAMP,
    });
  }
});

conform(Produce, "checks an idempotent producer's sequence", async ({ ask, newTopic, newProducer }) => {
  const topic = await newTopic();
  const producer = await newProducer();
  like(await produce(ask, topic, batchFrom(producer, 0, ["a", "b"])), { errorCode: 0, baseOffset: 0n });
  like(await produce(ask, topic, batchFrom(producer, 2)), { errorCode: 0, baseOffset: 2n });
  // A duplicate is answered as the first was.
  like(await produce(ask, topic, batchFrom(producer, 0, ["a", "b"])), { errorCode: 0, baseOffset: 0n });
  like(await produce(ask, topic, batchFrom(producer, 9)), {
    errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  });
  const old = { ...producer, producerEpoch: producer.producerEpoch + 1 };
  like(await produce(ask, topic, batchFrom(old, 5)), { errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER });
  like(await produce(ask, topic, batchFrom(old, 0)), { errorCode: 0, baseOffset: 3n });
  like(await produce(ask, topic, batchFrom(producer, 3)), { errorCode: ErrorCode.INVALID_PRODUCER_EPOCH });
  assert.deepEqual(await content(ask, topic), ["0:a", "1:b", "2:a", "3:a"]);
});

conform(Produce, "takes the sequence of a producer that it does not know as it comes", async (test) => {
  const topic = await test.newTopic();
  const producer = await test.newProducer();
  like(await produce(test.ask, topic, batchFrom(producer, 42)), { errorCode: 0, baseOffset: 0n });
  like(await produce(test.ask, topic, batchFrom(producer, 43)), { errorCode: 0, baseOffset: 1n });
});

conform(Produce, "remembers the last five batches of a producer", async ({ ask, newTopic, newProducer }) => {
  const topic = await newTopic();
  const producer = await newProducer();
  for (let i = 0; i < 7; i++) {
    like(await produce(ask, topic, batchFrom(producer, i)), { baseOffset: BigInt(i) });
  }
  like(await produce(ask, topic, batchFrom(producer, 2)), { errorCode: 0, baseOffset: 2n });
  const { errorCode } = await produce(ask, topic, batchFrom(producer, 1));
  assert.equal(errorCode, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
});

conform(Produce, "refuses two batches of a partition, and none", async ({ ask, newTopic }) => {
  const topic = await newTopic();
  const both = new Uint8Array([...batchOf(["a"]), ...batchOf(["b"])]);
  like(await produce(ask, topic, both), { errorCode: ErrorCode.INVALID_RECORD });
});

conform(Produce, "refuses what is no batch of a producer", async ({ ask, newTopic, newProducer }) => {
  const topic = await newTopic();
  const { producerId } = await newProducer();
  const code = async (records: Uint8Array) => (await produce(ask, topic, records)).errorCode;
  const of = (options: TestBatch) => batchOf(["a"], options);
  assert.equal(await code(of({}).subarray(0, 40)), ErrorCode.INVALID_RECORD);
  assert.equal(await code(of({}).subarray(0, -1)), ErrorCode.INVALID_RECORD);
  assert.equal(await code(of({ isControl: true })), ErrorCode.INVALID_RECORD);
  assert.equal(await code(of({ baseOffset: 77n })), ErrorCode.INVALID_RECORD);
  assert.equal(await code(of({ producerId, producerEpoch: 0, baseSequence: -1 })), ErrorCode.INVALID_RECORD);
  assert.equal(await code(of({ producerId, producerEpoch: 0, baseSequence: 0 })), ErrorCode.NONE);
  const noEpoch = of({ producerId, producerEpoch: -1, baseSequence: 0 });
  assert.equal(await code(noEpoch), ErrorCode.INVALID_PRODUCER_EPOCH);
  const oldMagic = of({});
  oldMagic[16] = 1;
  assert.equal(await code(oldMagic), ErrorCode.INVALID_RECORD);
  const tooShort = of({});
  new DataView(tooShort.buffer, tooShort.byteOffset).setInt32(8, 10);
  assert.equal(await code(tooShort), ErrorCode.CORRUPT_MESSAGE);
  const newMagic = of({});
  newMagic[16] = 3;
  assert.equal(await code(newMagic), ErrorCode.CORRUPT_MESSAGE);
  // A timestamp may be left out.
  assert.equal(await code(of({ timestamp: -1 })), ErrorCode.NONE);
});

conform(Produce, "refuses bytes that are no records at all", async ({ ask, newTopic }) => {
  const topic = await newTopic();
  const code = async (bytes: number) => (await produce(ask, topic, new Uint8Array(bytes))).errorCode;
  assert.equal(await code(61), ErrorCode.CORRUPT_MESSAGE);
  assert.equal(await code(12), ErrorCode.CORRUPT_MESSAGE);
  assert.equal(await code(11), ErrorCode.INVALID_RECORD);
});

conform(Produce, "takes the epoch -1 of a producer that it does not know", async (test) => {
  const topic = await test.newTopic();
  const { producerId } = await test.newProducer();
  const send = async (producerEpoch: number, baseSequence: number) =>
    await produce(test.ask, topic, batchOf(["a"], { producerId, producerEpoch, baseSequence }));
  like(await send(-2, 0), { errorCode: ErrorCode.INVALID_PRODUCER_EPOCH });
  like(await send(-1, -1), { errorCode: ErrorCode.INVALID_RECORD });
  like(await send(-1, 0), { errorCode: ErrorCode.NONE, baseOffset: 0n });
  like(await send(-1, 0), { errorCode: ErrorCode.NONE, baseOffset: 0n });
  like(await send(-1, 7), { errorCode: ErrorCode.NONE, baseOffset: 1n });
  like(await send(0, 0), { errorCode: ErrorCode.NONE, baseOffset: 2n });
  like(await send(-1, 0), { errorCode: ErrorCode.INVALID_PRODUCER_EPOCH });
});

conform(Produce, "needs no more replicas in sync than there are", async ({ ask, newTopic }) => {
  const topic = await newTopic({ configs: { "min.insync.replicas": "2" } });
  like(await produce(ask, topic, batchOf(["a"]), { acks: 1 }), { errorCode: ErrorCode.NONE });
  like(await produce(ask, topic, batchOf(["b"]), { acks: -1 }), { errorCode: ErrorCode.NONE });
  assert.deepEqual(await content(ask, topic), ["0:a", "1:b"]);
});

conform(Fetch, "gives a partition that is named twice once, as it is named last", async (test) => {
  const { ask } = test;
  const topic = await test.newTopic({ partitions: 2 });
  for (const index of [0, 1]) await produce(ask, topic, batchOf(["a"]), { index });
  const { topics: [of], ...request } = fetchOf(topic, 0n);
  const partition = of?.partitions[0] ?? assert.fail("no partition is asked for");
  const codes = async (...lists: (typeof partition)[][]) => {
    const topics = lists.map((partitions) => ({ name: topic.name, ...of, partitions }));
    const { responses } = await ask(Fetch, { ...request, topics });
    return responses.map(({ partitions }) =>
      partitions.map(({ partitionIndex, errorCode }) => [partitionIndex, errorCode])
    );
  };
  const beyond = { ...partition, fetchOffset: 99n };
  const other = { ...partition, partition: 1 };
  const outOfRange = ErrorCode.OFFSET_OUT_OF_RANGE;
  assert.deepEqual(await codes([beyond, partition]), [[[0, ErrorCode.NONE]]]);
  assert.deepEqual(await codes([partition, other, beyond]), [[[0, outOfRange], [1, ErrorCode.NONE]]]);
  assert.deepEqual(await codes([partition], [beyond]), [[[0, outOfRange]]]);
  assert.deepEqual(await codes([other], [partition]), [[[1, ErrorCode.NONE], [0, ErrorCode.NONE]]]);
});

conform(Fetch, "refuses an isolation level that there is not", async ({ ask, newTopic, version }) => {
  const topic = await newTopic();
  const errorCode = ErrorCode.UNKNOWN_SERVER_ERROR;
  const partitions = [{ partitionIndex: 0, errorCode, highWatermark: -1n }];
  for (const isolationLevel of [7, -1]) {
    const answer = await ask(Fetch, fetchOf(topic, 0n, { isolationLevel }));
    assert.equal(answer.errorCode, version >= FETCH_SESSIONS ? errorCode : ErrorCode.NONE);
    like(answer.responses, version >= FETCH_BY_ID ? [] : [{ topic: topic.name, partitions }]);
  }
});

conform(Fetch, "gives what was produced, with its offsets", async ({ ask, newTopic, version }) => {
  const topic = await newTopic({ partitions: 2 });
  await produce(ask, topic, batchOf(["a", "b"]));
  await produce(ask, topic, batchOf(["c"], { compression: "gzip" }));
  await produce(ask, topic, batchOf(["other"]), { index: 1 });
  const answer = await ask(Fetch, fetchOf(topic, 0n));
  like(answer, {
    errorCode: ErrorCode.NONE,
    sessionId: 0,
    responses: [{
      topic: version < FETCH_BY_ID ? topic.name : undefined,
      topicId: version < FETCH_BY_ID ? undefined : topic.topicId,
      partitions: [{
        partitionIndex: 0,
        errorCode: ErrorCode.NONE,
        highWatermark: 3n,
        lastStableOffset: 3n,
        logStartOffset: version >= 5 ? 0n : -1n,
        preferredReadReplica: -1,
        abortedTransactions: null,
      }],
    }],
  });
  assert.deepEqual(await content(ask, topic), ["0:a", "1:b", "2:c"]);
  // From within a batch: the whole batch.
  assert.deepEqual(await content(ask, topic, 1n), ["0:a", "1:b", "2:c"]);
  assert.deepEqual(await content(ask, topic, 2n), ["2:c"]);
  assert.deepEqual(await content(ask, topic, 3n), []);
});

conform(Fetch, "refuses offsets that are out of range", async ({ ask, newTopic }) => {
  const topic = await newTopic();
  await produce(ask, topic, batchOf(["a"]));
  for (const offset of [2n, -1n]) {
    like(await fetch(ask, topic, offset), {
      errorCode: ErrorCode.OFFSET_OUT_OF_RANGE,
      highWatermark: -1n,
      lastStableOffset: -1n,
      logStartOffset: -1n,
      abortedTransactions: null,
      records: new Uint8Array(),
    });
  }
});

conform(Fetch, "refuses a topic and a partition that are not there", async ({ ask, newTopic, version }) => {
  const topic = await newTopic();
  const byId = version >= FETCH_BY_ID;
  like(await fetch(ask, UNKNOWN, 0n), {
    errorCode: byId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    highWatermark: -1n,
  });
  like(await fetch(ask, topic, 0n, { partition: 9 }), {
    partitionIndex: 9,
    errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  });
});

conform(Fetch, "holds the reader's leader epoch against its own", async ({ ask, newTopic }) => {
  const topic = await newTopic();
  like(await fetch(ask, topic, 0n, { currentLeaderEpoch: 0 }), { errorCode: ErrorCode.NONE });
  like(await fetch(ask, topic, 0n, { currentLeaderEpoch: 5 }), { errorCode: ErrorCode.UNKNOWN_LEADER_EPOCH });
}, { versions: [9, 12, 17] });

conform(
  Fetch,
  "gives the first batch whole, whatever the bounds, and the next only if it fits",
  async (test) => {
    const topic = await test.newTopic();
    for (const letter of ["a", "b"]) await produce(test.ask, topic, batchOf([letter.repeat(1_000)]));
    const one = ["0:" + "a".repeat(1_000)];
    assert.deepEqual(await content(test.ask, topic, 0n, { maxBytes: 1 }), one);
    assert.deepEqual(await content(test.ask, topic, 0n, { partitionMaxBytes: 1 }), one);
    assert.equal((await content(test.ask, topic, 0n)).length, 2);
  },
);

conform(Fetch, "gives partitions in the order of the request, while there is room", async (test) => {
  const topic = await test.newTopic({ partitions: 3 });
  for (const index of [0, 1, 2]) await produce(test.ask, topic, batchOf(["a".repeat(500)]), { index });
  const sizes = async (maxBytes: number, order: number[]) => {
    const partitions = order.map((partition) => ({ partition, fetchOffset: 0n, partitionMaxBytes: 10_000 }));
    const topics = [{ topic: topic.name, topicId: topic.topicId, partitions }];
    const { responses } = await test.ask(Fetch, { maxWaitMs: 0, minBytes: 1, maxBytes, topics });
    return responses[0]?.partitions.map(({ partitionIndex, records }) => [partitionIndex, records?.length]);
  };
  const size = batchOf(["a".repeat(500)]).length;
  assert.deepEqual(await sizes(0, [0, 1, 2]), [[0, size], [1, 0], [2, 0]]);
  assert.deepEqual(await sizes(2 * size, [2, 1, 0]), [[2, size], [1, size], [0, 0]]);
});

conform(Fetch, "waits for minBytes, and no longer than maxWaitMs", async ({ ask, connect, newTopic }) => {
  const topic = await newTopic();
  assert.deepEqual(await content(ask, topic, 0n, { maxWaitMs: 50 }), []);
  const reader = await connect();
  const waiting = content(reader, topic, 0n, { maxWaitMs: 9_000 });
  await produce(ask, topic, batchOf(["a"]));
  assert.deepEqual(await waiting, ["0:a"]);
});

conform(Fetch, "waits for nothing that minBytes does not ask for", async ({ ask, newTopic }) => {
  const topic = await newTopic();
  assert.deepEqual(await content(ask, topic, 0n, { minBytes: 0, maxWaitMs: LONG_MS }), []);
});

conform(Fetch, "waits for no more than maxBytes", async ({ ask, newTopic }) => {
  const topic = await newTopic();
  await produce(ask, topic, batchOf(["a".repeat(1_000)]));
  const records = await content(ask, topic, 0n, { minBytes: 1 << 19, maxBytes: 500, maxWaitMs: LONG_MS });
  assert.equal(records.length, 1);
});

conform(Fetch, "tells of an error at once, however long it may wait", async ({ ask, newTopic }) => {
  const topic = await newTopic();
  like(await fetch(ask, topic, 5n, { maxWaitMs: 9_000 }), { errorCode: ErrorCode.OFFSET_OUT_OF_RANGE });
});

conform(Fetch, "keeps a session: only what is new is answered", async ({ ask, newTopic }) => {
  const topic = await newTopic({ partitions: 2 });
  const first = await ask(Fetch, fetchOf(topic, 0n, { sessionId: 0, sessionEpoch: 0 }));
  assert.notEqual(first.sessionId, 0);
  assert.equal(first.responses.length, 1);
  const session = { sessionId: first.sessionId, maxWaitMs: 0, minBytes: 1, maxBytes: 1 << 20, topics: [] };
  like(await ask(Fetch, { ...session, sessionEpoch: 1 }), { errorCode: 0, responses: [] });
  await produce(ask, topic, batchOf(["a"]));
  const { responses } = await ask(Fetch, { ...session, sessionEpoch: 2 });
  assert.deepEqual(contentOf(responses[0]?.partitions[0]?.records ?? new Uint8Array()), ["0:a"]);
  like(await ask(Fetch, { ...session, sessionEpoch: 9 }), {
    errorCode: ErrorCode.INVALID_FETCH_SESSION_EPOCH,
    sessionId: 0,
    responses: [],
  });
  like(await ask(Fetch, { ...session, sessionEpoch: -1 }), { errorCode: 0, sessionId: 0 });
  like(await ask(Fetch, { ...session, sessionEpoch: 3 }), {
    errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
  });
}, { versions: [7, 12, 18] });

conform(
  ListOffsets,
  "finds the earliest, the latest, and offsets by time",
  async ({ ask, newTopic, version }) => {
    const topic = await newTopic();
    const find = async (timestamp: bigint) => {
      const { topics } = await ask(ListOffsets, offsetsOf(topic, timestamp));
      return topics[0]?.partitions[0];
    };
    const epoch = version >= 4 ? 0 : -1;
    like(await find(EARLIEST), { errorCode: 0, timestamp: -1n, offset: 0n, leaderEpoch: undefined });
    like(await find(LATEST), { errorCode: 0, timestamp: -1n, offset: 0n });
    like(await find(5n), { errorCode: 0, timestamp: -1n, offset: -1n, leaderEpoch: -1 });
    await produce(ask, topic, batchOf(["a", "b", "c"], { timestamp: T0 }));
    await produce(ask, topic, batchOf(["d"], { timestamp: T0 - 1_000 }));
    like(await find(EARLIEST), { offset: 0n, timestamp: -1n, leaderEpoch: epoch });
    like(await find(LATEST), { offset: 4n, timestamp: -1n, leaderEpoch: epoch });
    like(await find(0n), { offset: 0n, timestamp: BigInt(T0), leaderEpoch: epoch });
    like(await find(BigInt(T0 + 1)), { offset: 1n, timestamp: BigInt(T0 + 1) });
    like(await find(BigInt(T0 + 9)), { errorCode: 0, offset: -1n, timestamp: -1n });
    if (version >= 7) {
      like(await find(MAX_TIMESTAMP), {
        errorCode: 0,
        offset: 2n,
        timestamp: BigInt(T0 + 2),
      });
    }
    if (version >= 8) like(await find(EARLIEST_LOCAL), { errorCode: 0, offset: 0n, timestamp: -1n });
    if (version >= 9) like(await find(LATEST_TIERED), { errorCode: 0, offset: -1n, timestamp: -1n });
  },
);

conform(ListOffsets, "refuses topics, partitions and epochs that are not there", async (test) => {
  const topic = await test.newTopic();
  const find = async (topic: Topic, options = {}) => {
    const { topics } = await test.ask(ListOffsets, offsetsOf(topic, LATEST, options));
    return topics[0]?.partitions[0];
  };
  const unknown = { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, offset: -1n, timestamp: -1n };
  like(await find(UNKNOWN), unknown);
  like(await find(topic, { partitionIndex: 9 }), unknown);
  if (test.version < 4) return;
  like(await find(topic, { currentLeaderEpoch: 5 }), {
    errorCode: ErrorCode.UNKNOWN_LEADER_EPOCH,
    offset: -1n,
  });
});

conform(ListOffsets, "refuses an isolation level that there is not", async ({ ask, newTopic, version }) => {
  const topic = await newTopic();
  for (const isolationLevel of [7, -1]) {
    const { topics } = await ask(ListOffsets, offsetsOf(topic, LATEST, { isolationLevel }));
    const errorCode = version >= ISOLATION_LEVELS ? ErrorCode.UNKNOWN_SERVER_ERROR : ErrorCode.NONE;
    like(topics, [{ name: topic.name, partitions: [{ partitionIndex: 0, errorCode }] }]);
  }
});

conform(ListOffsets, "refuses a partition that is asked about twice", async ({ ask, newTopic }) => {
  const { name } = await newTopic();
  const partition = { partitionIndex: 0, timestamp: LATEST };
  const topics = [{ name, partitions: [partition, partition] }];
  const answer = await ask(ListOffsets, { replicaId: -1, topics });
  const refused = { partitionIndex: 0, errorCode: ErrorCode.INVALID_REQUEST };
  like(answer.topics, [{ name, partitions: [refused] }]);
});

conform(ListOffsets, "refuses what its version does not know in place of a time", async (test) => {
  const topic = await test.newTopic();
  const known = [
    { timestamp: MAX_TIMESTAMP, since: 7 },
    { timestamp: EARLIEST_LOCAL, since: 8 },
    { timestamp: LATEST_TIERED, since: 9 },
    { timestamp: -100n, since: Infinity },
  ];
  for (const { timestamp, since } of known) {
    const { topics } = await test.ask(ListOffsets, offsetsOf(topic, timestamp));
    const errorCode = test.version >= since ? ErrorCode.NONE : ErrorCode.UNSUPPORTED_VERSION;
    like(topics[0]?.partitions, [{ errorCode }]);
  }
}, { versions: [1, 6, 7, 8, 9, 11] });

conform(DeleteRecords, "moves the start of the log", async ({ ask, newTopic }) => {
  const topic = await newTopic();
  for (const value of ["a", "b", "c"]) await produce(ask, topic, batchOf([value]));
  const remove = async (offset: bigint, { name = topic.name, partitionIndex = 0 } = {}) => {
    const partitions = [{ partitionIndex, offset }];
    const answer = await ask(DeleteRecords, { topics: [{ name, partitions }], timeoutMs: 5_000 });
    return answer.topics[0]?.partitions[0];
  };
  like(await remove(1n), { partitionIndex: 0, errorCode: ErrorCode.NONE, lowWatermark: 1n });
  assert.deepEqual(await content(ask, topic, 1n), ["1:b", "2:c"]);
  like(await fetch(ask, topic, 0n), { errorCode: ErrorCode.OFFSET_OUT_OF_RANGE });
  const { topics } = await ask(ListOffsets, offsetsOf(topic, EARLIEST));
  like(topics[0]?.partitions[0], { offset: 1n });
  // Behind the start: nothing happens.
  like(await remove(0n), { errorCode: ErrorCode.NONE, lowWatermark: 1n });
  like(await remove(9n), { errorCode: ErrorCode.OFFSET_OUT_OF_RANGE, lowWatermark: -1n });
  like(await remove(-2n), { errorCode: ErrorCode.OFFSET_OUT_OF_RANGE, lowWatermark: -1n });
  // To the high watermark.
  like(await remove(-1n), { errorCode: ErrorCode.NONE, lowWatermark: 3n });
  assert.deepEqual(await content(ask, topic, 3n), []);
  const unknown = { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, lowWatermark: -1n };
  like(await remove(0n, { partitionIndex: 9 }), unknown);
  like(await remove(0n, { name: UNKNOWN.name }), unknown);
});

conform(DeleteRecords, "deletes up to the last offset of a partition that is named twice", async (test) => {
  const { name, topicId } = await test.newTopic();
  for (const value of ["a", "b", "c"]) await produce(test.ask, { name, topicId }, batchOf([value]));
  const deleted = async (...lists: bigint[][]) => {
    const topics = lists.map((offsets) => ({
      name,
      partitions: offsets.map((offset) => ({ partitionIndex: 0, offset })),
    }));
    return (await test.ask(DeleteRecords, { timeoutMs: 5_000, topics })).topics;
  };
  const upTo = (lowWatermark: bigint) => [
    { name, partitions: [{ partitionIndex: 0, lowWatermark, errorCode: ErrorCode.NONE }] },
  ];
  like(await deleted([3n, 1n]), upTo(1n));
  like(await deleted([99n], [2n]), upTo(2n));
});

conform(DeleteRecords, "refuses a topic that is compacted only", async ({ ask, newTopic }) => {
  const { name } = await newTopic({ configs: { "cleanup.policy": "compact" } });
  const partitions = [{ partitionIndex: 0, offset: 0n }];
  const { topics } = await ask(DeleteRecords, { topics: [{ name, partitions }], timeoutMs: 5_000 });
  like(topics[0]?.partitions, [{ errorCode: ErrorCode.POLICY_VIOLATION, lowWatermark: -1n }]);
});

conform(OffsetForLeaderEpoch, "answers the end of an epoch", async ({ ask, newTopic }) => {
  const topic = await newTopic();
  await produce(ask, topic, batchOf(["a", "b"]));
  const end = async (
    leaderEpoch: number,
    { currentLeaderEpoch = -1, partition = 0, name = topic.name } = {},
  ) => {
    const partitions = [{ partition, currentLeaderEpoch, leaderEpoch }];
    const { topics } = await ask(OffsetForLeaderEpoch, {
      replicaId: -1,
      topics: [{ topic: name, partitions }],
    });
    return topics[0]?.partitions[0];
  };
  like(await end(0), { errorCode: ErrorCode.NONE, partition: 0, leaderEpoch: 0, endOffset: 2n });
  like(await end(0, { currentLeaderEpoch: 0 }), { errorCode: ErrorCode.NONE, endOffset: 2n });
  like(await end(7), { errorCode: ErrorCode.NONE, leaderEpoch: -1, endOffset: -1n });
  like(await end(0, { currentLeaderEpoch: 7 }), {
    errorCode: ErrorCode.UNKNOWN_LEADER_EPOCH,
    leaderEpoch: -1,
    endOffset: -1n,
  });
  like(await end(0, { partition: 9 }), { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION });
  like(await end(0, { name: UNKNOWN.name }), { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION });
});
