import assert from "node:assert/strict";
import fc from "fast-check";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import { ConfigError } from "../../src/base/errors.ts";
import { APIS as SERVED } from "../../src/broker/dispatch.ts";
import {
  type ActiveFault,
  FakeClock,
  type FaultEffect,
  type FaultRule,
  type FaultScope,
  startBroker,
} from "../../src/testing.ts";
import { APIS } from "../../src/wire/apis.ts";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { encodeRequest } from "../../src/wire/frame.ts";
import { ProduceRequest, ProduceResponse } from "../../src/wire/messages/00_produce.ts";
import { FetchRequest, FetchResponse } from "../../src/wire/messages/01_fetch.ts";
import { MetadataRequest, MetadataResponse } from "../../src/wire/messages/03_metadata.ts";
import type { Encodable, Fields } from "../../src/wire/schema.ts";
import { OffsetCommitRequest, OffsetCommitResponse } from "../../src/wire/messages/08_offset_commit.ts";
import { batchOf, contentOf } from "../support/batches.ts";
import { sampleRequest } from "../support/sample_request.ts";
import { WireClient } from "../support/wire_client.ts";

const PRODUCE_VERSION = 9;

async function produce(
  client: WireClient,
  topics: readonly string[],
  acks = -1,
): Promise<Record<string, number>> {
  const topicData = topics.map((name) => ({ name, partitionData: [{ index: 0, records: batchOf(["a"]) }] }));
  const request = { transactionalId: null, acks, timeoutMs: 1_000, topicData };
  const { responses } = await client.call(ProduceRequest, ProduceResponse, PRODUCE_VERSION, request);
  return Object.fromEntries(responses.map(({ name, partitionResponses }) => {
    return [name, partitionResponses[0]?.errorCode ?? assert.fail(name)];
  }));
}

Deno.test("Faults: an error strikes the topic that the rule names, and the rest of the request is served", async () => {
  await using broker = await startBroker({
    topics: [{ name: "a" }, { name: "b" }],
    faults: [{ api: "Produce", topic: "a", nth: 2, error: "NOT_ENOUGH_REPLICAS" }],
  });
  using client = await WireClient.connect(broker.address);
  const { NONE, NOT_ENOUGH_REPLICAS } = ErrorCode;
  assert.deepEqual(await produce(client, ["a", "b"]), { a: NONE, b: NONE });
  assert.deepEqual(await produce(client, ["b"]), { b: NONE });
  assert.deepEqual(await produce(client, ["a", "b"]), { a: NOT_ENOUGH_REPLICAS, b: NONE });
  assert.deepEqual(await produce(client, ["a", "b"]), { a: NONE, b: NONE });
  const [fault] = broker.faults.active;
  assert.deepEqual([fault?.matchedCount, fault?.struckCount], [3, 1]);
});

Deno.test("Faults: a leader that moved is found by asking for metadata", async () => {
  await using broker = await startBroker({
    topics: [{ name: "a" }, { name: "b" }],
    faults: [{ topic: "a", leaderMoved: true, first: 1 }],
  });
  using client = await WireClient.connect(broker.address);
  const { NONE, NOT_LEADER_OR_FOLLOWER } = ErrorCode;
  assert.deepEqual(await produce(client, ["a", "b"]), { a: NOT_LEADER_OR_FOLLOWER, b: NONE });
  assert.deepEqual(await produce(client, ["a"]), { a: NOT_LEADER_OR_FOLLOWER });
  await client.call(MetadataRequest, MetadataResponse, 9, { topics: [{ name: "b" }] });
  assert.deepEqual(await produce(client, ["a"]), { a: NOT_LEADER_OR_FOLLOWER });
  await client.call(MetadataRequest, MetadataResponse, 9, { topics: [{ name: "a" }] });
  assert.deepEqual(await produce(client, ["a"]), { a: NONE });
});

Deno.test("Faults: a full disk strikes the topic's appends alone, and passes", async () => {
  await using broker = await startBroker({
    topics: [{ name: "a" }, { name: "b" }],
    faults: [{ topic: "a", diskFull: true, first: 1 }],
  });
  using client = await WireClient.connect(broker.address);
  const { NONE, KAFKA_STORAGE_ERROR } = ErrorCode;
  assert.deepEqual(await produce(client, ["a", "b"]), { a: KAFKA_STORAGE_ERROR, b: NONE });
  assert.deepEqual(await produce(client, ["a", "b"]), { a: NONE, b: NONE });
});

Deno.test("Faults: a connection is cut before the effect, or after it: the acknowledgement is lost", async () => {
  await using broker = await startBroker({ topics: [{ name: "a" }] });
  const before = broker.faults.add({ api: "Produce", cut: "before", nth: 1 });
  {
    using client = await WireClient.connect(broker.address);
    await assert.rejects(produce(client, ["a"]), /closed the connection/);
  }
  assert.deepEqual(await contentsOf(broker.address, "a"), []);
  before.remove();
  broker.faults.add({ api: "Produce", cut: "after", nth: 1 });
  {
    using client = await WireClient.connect(broker.address);
    await assert.rejects(produce(client, ["a"]), /closed the connection/);
  }
  assert.deepEqual(await contentsOf(broker.address, "a"), ["0:a"]);
  assert.deepEqual([before.struckCount, broker.faults.active[0]?.struckCount], [1, 1]);
});

Deno.test("Faults: what was answered before the connection is cut arrives, also when it was sent in one piece", async () => {
  await using broker = await startBroker({
    topics: [{ name: "a" }],
    faults: [{ api: "Produce", cut: "before", nth: 3 }],
  });
  using client = await WireClient.connect(broker.address);
  const request = (correlationId: number) =>
    encodeRequest(ProduceRequest, PRODUCE_VERSION, { correlationId, clientId: null }, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 1_000,
      topicData: [{ name: "a", partitionData: [{ index: 0, records: batchOf([String(correlationId)]) }] }],
    });
  const requests = [1, 2, 3, 4].map(request);
  await client.sendRaw(new Uint8Array(await new Blob(requests).arrayBuffer()));
  for (const correlationId of [1, 2]) await client.receive(ProduceResponse, PRODUCE_VERSION, correlationId);
  await client.untilClosed();
  assert.deepEqual(await contentsOf(broker.address, "a"), ["0:1", "1:2"]);
});

Deno.test("Faults: a full disk without a topic is full for all that a request writes", async () => {
  await using broker = await startBroker({
    topics: [{ name: "a" }, { name: "b" }],
    faults: [{ diskFull: true, nth: 1 }, { api: "OffsetCommit", diskFull: true, nth: 1 }],
  });
  using client = await WireClient.connect(broker.address);
  const { NONE, KAFKA_STORAGE_ERROR, COORDINATOR_NOT_AVAILABLE } = ErrorCode;
  assert.deepEqual(await produce(client, ["a", "b"]), { a: KAFKA_STORAGE_ERROR, b: KAFKA_STORAGE_ERROR });
  assert.deepEqual(await produce(client, ["a", "b"]), { a: NONE, b: NONE });
  const commit = {
    groupId: "g",
    generationIdOrMemberEpoch: -1,
    memberId: "",
    topics: [{
      name: "a",
      partitions: [{ partitionIndex: 0, committedOffset: 1n, committedMetadata: null }],
    }],
  };
  for (const expected of [COORDINATOR_NOT_AVAILABLE, NONE]) {
    const { topics } = await client.call(OffsetCommitRequest, OffsetCommitResponse, 7, commit);
    assert.equal(topics[0]?.partitions[0]?.errorCode, expected);
  }
});

Deno.test("Faults: a full disk is one in a folder, too, and what was there is read again", async () => {
  const data = await Deno.makeTempDir();
  try {
    {
      await using broker = await startBroker({
        data,
        topics: [{ name: "a" }],
        faults: [{ topic: "a", diskFull: true, nth: 2 }],
      });
      using client = await WireClient.connect(broker.address);
      const { NONE, KAFKA_STORAGE_ERROR } = ErrorCode;
      assert.deepEqual(await produce(client, ["a"]), { a: NONE });
      assert.deepEqual(await produce(client, ["a"]), { a: KAFKA_STORAGE_ERROR });
      assert.deepEqual(await produce(client, ["a"]), { a: NONE });
    }
    await using again = await startBroker({ data });
    assert.deepEqual(await contentsOf(again.address, "a"), ["0:a", "1:a"]);
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

const PRODUCER_FAULTS: readonly FaultRule[] = [
  { api: "Produce", topic: "a", nth: 2, error: "NOT_ENOUGH_REPLICAS" },
  { api: "Produce", topic: "a", every: 2, delayMs: 20 },
  { api: "Produce", topic: "a", nth: 2, cut: "before" },
  { api: "Produce", topic: "a", nth: 2, cut: "after" },
  { api: "InitProducerId", nth: 1, error: "COORDINATOR_LOAD_IN_PROGRESS" },
  { topic: "a", nth: 2, diskFull: true },
  { api: "Produce", topic: "a", nth: 2, leaderMoved: true },
];

for (const fault of PRODUCER_FAULTS) {
  Deno.test(`Faults: kafkajs's producer gets over ${JSON.stringify(fault)}: each record is there once`, async () => {
    await using broker = await startBroker({ topics: [{ name: "a" }], faults: [fault] });
    const producer = kafkaOf(broker.address).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    for (const value of ["one", "two", "three"]) await producer.send({ topic: "a", messages: [{ value }] });
    await producer.disconnect();
    assert.equal(broker.faults.active[0]?.struckCount, 1);
    assert.deepEqual(await contentsOf(broker.address, "a"), ["0:one", "1:two", "2:three"]);
  });
}

const CONSUMER_FAULTS: readonly FaultRule[] = [
  { api: "Fetch", topic: "a", first: 2, error: "NOT_LEADER_OR_FOLLOWER" },
  { api: "Fetch", topic: "a", nth: 1, cut: "after" },
  { api: "Fetch", topic: "a", first: 1, leaderMoved: true },
  { api: "FindCoordinator", group: "g", first: 2, error: "COORDINATOR_NOT_AVAILABLE" },
  { api: "JoinGroup", group: "g", first: 1, error: "COORDINATOR_LOAD_IN_PROGRESS" },
  { api: "SyncGroup", group: "g", first: 1, error: "REBALANCE_IN_PROGRESS" },
  { api: "OffsetFetch", group: "g", first: 1, error: "COORDINATOR_LOAD_IN_PROGRESS" },
  { api: "Metadata", topic: "a", first: 1, error: "LEADER_NOT_AVAILABLE" },
  { api: "Heartbeat", group: "g", first: 1, error: "REBALANCE_IN_PROGRESS" },
];

for (const fault of CONSUMER_FAULTS) {
  Deno.test(`Faults: kafkajs's consumer gets over ${JSON.stringify(fault)}`, async () => {
    await using broker = await startBroker({ topics: [{ name: "a" }], faults: [fault] });
    const consumer = kafkaOf(broker.address).consumer({
      groupId: "g",
      heartbeatInterval: 20,
      maxWaitTimeInMs: 20,
    });
    await consumer.connect();
    await consumer.subscribe({ topic: "a", fromBeginning: true });
    const received = Promise.withResolvers<string>();
    await consumer.run({
      eachMessage: ({ message }) => Promise.resolve(received.resolve(String(message.value))),
    });
    const [struck] = broker.faults.active;
    // What strikes heartbeats and fetches strikes while the consumer runs.
    while ((struck?.struckCount ?? 0) < (fault.first ?? 1)) await contentsOf(broker.address, "b");
    using client = await WireClient.connect(broker.address);
    await produce(client, ["a"]);
    assert.equal(await received.promise, "a");
    await consumer.disconnect();
  });
}

Deno.test("Faults: an error reaches the answer of every API that is served, in every version", async () => {
  await using broker = await startBroker();
  const expected = ErrorCode.POLICY_VIOLATION;
  for (const { apiKey, name, minVersion, maxVersion } of SERVED) {
    const { request, response } = APIS.get(apiKey) ?? assert.fail(name);
    const fault = broker.faults.add({ api: name, error: "POLICY_VIOLATION" });
    using client = await WireClient.connect(broker.address);
    for (let version = minVersion; version <= maxVersion; version++) {
      const value = { ...sampleRequest(request.fields, version), ...(apiKey === 0 ? { acks: -1 } : {}) };
      const answer = await client.call(request, response, version, value as Encodable<Fields>);
      const codes = errorCodes(answer);
      assert.ok(codes.length > 0, `${name} v${version}`);
      assert.deepEqual(new Set(codes), new Set([expected]), `${name} v${version}`);
    }
    assert.equal(fault.struckCount, maxVersion - minVersion + 1);
    fault.remove();
  }
});

/** Of a marker that ends a transaction: its version and the coordinator's epoch, both 0. */
const MARKER_VALUE = "\0".repeat(6);

Deno.test("Faults: whatever the rules, a request is answered or its connection ends, and the broker goes on", async () => {
  await using broker = await startBroker({ topics: [{ name: "name0" }] });
  const timing = fc.oneof(
    fc.record({ nth: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ every: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ probability: fc.double({ min: 0.1, max: 1, noNaN: true }), seed: fc.integer() }),
    fc.constant({}),
  );
  const effect = fc.constantFrom<FaultEffect>(
    { error: "NOT_LEADER_OR_FOLLOWER" },
    { error: "REBOOTSTRAP_REQUIRED" },
    { error: "INVALID_FETCH_SESSION_EPOCH" },
    { delayMs: 1 },
    { cut: "before" },
    { cut: "after" },
    { rebalance: true },
    { diskFull: true },
    { leaderMoved: true },
  );
  const scope = fc.constantFrom<FaultScope>({}, { topic: "name0" }, { group: "groupId0" });
  const rule = fc.tuple(scope, timing, effect).map(([where, when, what]): FaultRule => ({
    ...where,
    ...when,
    ...what,
  }));
  const api = fc.constantFrom(...SERVED);
  await fc.assert(
    fc.asyncProperty(
      fc.array(rule, { maxLength: 4 }),
      fc.array(api, { maxLength: 8 }),
      async (rules, apis) => {
        broker.faults.clear();
        for (const one of rules) broker.faults.add(one);
        for (const { apiKey, maxVersion, name } of apis) {
          const { request, response } = APIS.get(apiKey) ?? assert.fail(name);
          using client = await WireClient.connect(broker.address);
          const value = {
            ...sampleRequest(request.fields, maxVersion),
            ...(apiKey === 0 ? { acks: -1 } : {}),
          };
          await client.call(request, response, maxVersion, value as Encodable<Fields>).catch((error) => {
            assert.match(String(error), /The broker closed the connection/);
          });
        }
        broker.faults.clear();
        const contents = await contentsOf(broker.address, "name0");
        // WriteTxnMarkers writes some, and nothing else does.
        assert.deepEqual(contents.filter((content) => !content.endsWith(MARKER_VALUE)), []);
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("Faults: kafkajs's transactions get over what goes wrong on their way", async () => {
  await using broker = await startBroker({
    topics: [{ name: "a" }],
    faults: [
      { api: "FindCoordinator", nth: 1, error: "COORDINATOR_NOT_AVAILABLE" },
      { api: "AddPartitionsToTxn", topic: "a", nth: 1, error: "CONCURRENT_TRANSACTIONS" },
      { api: "Produce", topic: "a", nth: 1, cut: "after" },
      { api: "EndTxn", nth: 1, delayMs: 20 },
    ],
  });
  const producer = kafkaOf(broker.address).producer({
    idempotent: true,
    maxInFlightRequests: 1,
    transactionalId: "t",
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  for (const value of ["one", "two"]) await transaction.send({ topic: "a", messages: [{ value }] });
  await transaction.commit();
  await producer.disconnect();
  assert.deepEqual(broker.faults.active.map(({ struckCount }) => struckCount), [1, 1, 1, 1]);
  assert.deepEqual((await contentsOf(broker.address, "a")).slice(0, 2), ["0:one", "1:two"]);
});

Deno.test("Faults: with acks 0 an error is told by the connection's end", async () => {
  await using broker = await startBroker({
    topics: [{ name: "a" }],
    faults: [{ api: "Produce", error: "NOT_ENOUGH_REPLICAS", nth: 1 }],
  });
  using client = await WireClient.connect(broker.address);
  await assert.rejects(produce(client, ["a"], 0), /closed the connection/);
  assert.deepEqual(await contentsOf(broker.address, "a"), []);
});

Deno.test("Faults: a delay holds the answer back, and what comes behind it, on the clock of the test", async () => {
  const clock = new FakeClock();
  await using broker = await startBroker({
    topics: [{ name: "a" }],
    clock,
    faults: [{ api: "Produce", delayMs: 60_000, first: 1 }],
  });
  using client = await WireClient.connect(broker.address);
  const timersCount = clock.timersCount;
  const slow = produce(client, ["a"]);
  // The effect is there at once; only the answer waits.
  while (clock.timersCount === timersCount) await contentsOf(broker.address, "a");
  assert.deepEqual(await contentsOf(broker.address, "a"), ["0:a"]);
  clock.advance(59_999);
  let isAnswered = false;
  const answered = slow.then((codes) => {
    isAnswered = true;
    return codes;
  });
  await contentsOf(broker.address, "a");
  assert.equal(isAnswered, false);
  clock.advance(1);
  assert.deepEqual(await answered, { a: ErrorCode.NONE });
});

Deno.test("Faults: a fetch that is struck is answered at once, what is not struck with what there is", async () => {
  await using broker = await startBroker({ topics: [{ name: "a" }, { name: "b" }] });
  using client = await WireClient.connect(broker.address);
  await produce(client, ["a", "b"]);
  broker.faults.add({ api: "Fetch", topic: "a", error: "NOT_LEADER_OR_FOLLOWER" });
  const { errorCode, sessionId, responses } = await client.call(FetchRequest, FetchResponse, FETCH_VERSION, {
    ...FETCH,
    minBytes: 1_000_000,
    maxWaitMs: 60_000,
    topics: ["a", "b"].map(fetchTopic),
  });
  assert.deepEqual([errorCode, sessionId], [ErrorCode.NONE, 0]);
  const found = responses.map(({ topic, partitions }) => {
    return [topic, partitions[0]?.errorCode, contentOf(partitions[0]?.records ?? new Uint8Array())];
  });
  assert.deepEqual(
    new Map(found.map(([topic, ...rest]) => [topic, rest])),
    new Map<unknown, unknown>([
      ["a", [ErrorCode.NOT_LEADER_OR_FOLLOWER, []]],
      ["b", [ErrorCode.NONE, ["0:a"]]],
    ]),
  );
  // A session that was made before the rule is not gone on with.
  const again = await client.call(FetchRequest, FetchResponse, FETCH_VERSION, {
    ...FETCH,
    sessionId: 42,
    sessionEpoch: 1,
    topics: [],
  });
  assert.equal(again.errorCode, ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
});

Deno.test("Faults: an error in metadata strikes the topic, and the nodes are told all the same", async () => {
  await using broker = await startBroker({
    topics: [{ name: "a" }, { name: "b" }],
    faults: [{ api: "Metadata", topic: "a", error: "LEADER_NOT_AVAILABLE", first: 1 }],
  });
  using client = await WireClient.connect(broker.address);
  const codes = async () => {
    const { brokers, topics } = await client.call(MetadataRequest, MetadataResponse, 9, { topics: null });
    assert.equal(brokers.length, 1);
    return topics.map(({ name, errorCode, partitions }) => [name, errorCode, partitions.length]);
  };
  const { NONE, LEADER_NOT_AVAILABLE } = ErrorCode;
  assert.deepEqual(await codes(), [["a", LEADER_NOT_AVAILABLE, 0], ["b", NONE, 1]]);
  assert.deepEqual(await codes(), [["a", NONE, 1], ["b", NONE, 1]]);
});

Deno.test("Faults: a group rebalances, and kafkajs's consumer goes on", async () => {
  await using broker = await startBroker({ topics: [{ name: "a" }] });
  const client = kafkaOf(broker.address);
  const consumer = client.consumer({ groupId: "g", heartbeatInterval: 50, maxWaitTimeInMs: 50 });
  let joinedCount = 0;
  const joinedTwice = Promise.withResolvers<void>();
  consumer.on(consumer.events.GROUP_JOIN, () => {
    joinedCount++;
    if (joinedCount === 1) rebalance = broker.faults.add({ group: "g", rebalance: true, first: 1 });
    else joinedTwice.resolve();
  });
  let rebalance: ActiveFault | undefined;
  await consumer.connect();
  await consumer.subscribe({ topic: "a", fromBeginning: true });
  const received = Promise.withResolvers<string>();
  await consumer.run({
    eachMessage: ({ message }) => Promise.resolve(received.resolve(String(message.value))),
  });
  await joinedTwice.promise;
  assert.equal(rebalance?.struckCount, 1);
  using wire = await WireClient.connect(broker.address);
  await produce(wire, ["a"]);
  assert.equal(await received.promise, "a");
  await consumer.disconnect();
});

Deno.test("Faults.clear() ends all, also that a leader has moved", async () => {
  await using broker = await startBroker({
    topics: [{ name: "a" }],
    faults: [{ topic: "a", leaderMoved: true }],
  });
  using client = await WireClient.connect(broker.address);
  assert.deepEqual(await produce(client, ["a"]), { a: ErrorCode.NOT_LEADER_OR_FOLLOWER });
  broker.faults.clear();
  assert.deepEqual(broker.faults.active, []);
  assert.deepEqual(await produce(client, ["a"]), { a: ErrorCode.NONE });
});

Deno.test("Faults: rules that are none are refused, all faults at once", async () => {
  await assert.rejects(
    startBroker({ faults: [{ api: "Nothing", delayMs: -1 }] }),
    (error) => error instanceof ConfigError && error.faults.length === 2,
  );
  await using broker = await startBroker();
  assert.throws(() => broker.faults.add({ nth: 0, cut: "after" }), ConfigError);
});

/** All error codes but NONE, however deep. */
function errorCodes(value: unknown): number[] {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return [];
  return Object.entries(value).flatMap(([name, field]) => {
    if (/^(partitionE|e)rrorCode$/.test(name)) return field === ErrorCode.NONE ? [] : [Number(field)];
    return errorCodes(field);
  });
}

const FETCH_VERSION = 11;
const FETCH = {
  replicaId: -1,
  maxWaitMs: 0,
  minBytes: 0,
  maxBytes: 1_000_000,
  isolationLevel: 0,
  topics: [],
  forgottenTopicsData: [],
  rackId: "",
};

function fetchTopic(topic: string) {
  return { topic, partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1_000_000 }] };
}

/** What is in the first partition of a topic, asked for over a connection of its own. */
async function contentsOf(address: string, topic: string): Promise<string[]> {
  using client = await WireClient.connect(address);
  const { responses } = await client.call(FetchRequest, FetchResponse, FETCH_VERSION, {
    ...FETCH,
    topics: [fetchTopic(topic)],
  });
  return contentOf(responses[0]?.partitions[0]?.records ?? new Uint8Array());
}

function kafkaOf(address: string): Kafka {
  return new Kafka({
    clientId: "test",
    brokers: [address],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 5, factor: 0 },
  });
}
