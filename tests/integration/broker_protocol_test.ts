import assert from "node:assert/strict";
import { startBroker } from "../../src/testing.ts";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { APIS } from "../../src/wire/apis.ts";
import type { Message } from "../../src/wire/message.ts";
import { ProduceRequest, ProduceResponse } from "../../src/wire/messages/00_produce.ts";
import { FetchRequest, FetchResponse } from "../../src/wire/messages/01_fetch.ts";
import { ListOffsetsRequest, ListOffsetsResponse } from "../../src/wire/messages/02_list_offsets.ts";
import { MetadataRequest, MetadataResponse } from "../../src/wire/messages/03_metadata.ts";
import { HeartbeatRequest, HeartbeatResponse } from "../../src/wire/messages/12_heartbeat.ts";
import { ApiVersionsRequest, ApiVersionsResponse } from "../../src/wire/messages/18_api_versions.ts";
import { CreateTopicsRequest, CreateTopicsResponse } from "../../src/wire/messages/19_create_topics.ts";
import { DeleteTopicsRequest, DeleteTopicsResponse } from "../../src/wire/messages/20_delete_topics.ts";
import {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from "../../src/wire/messages/22_init_producer_id.ts";
import type { Fields, Input } from "../../src/wire/schema.ts";
import { batchOf, contentOf } from "../support/batches.ts";
import { WireClient } from "../support/wire_client.ts";

const TOPIC = "orders";
const BY_ID_SINCE = 13;
const LONG_WAIT_MS = 60_000;

/** A request of one partition, with what a client of the newest version would say. */
function produceRequest(topicId: string, records: Uint8Array, acks = -1): Input<typeof ProduceRequest> {
  return {
    transactionalId: null,
    acks,
    timeoutMs: 1_000,
    topicData: [{ name: TOPIC, topicId, partitionData: [{ index: 0, records }] }],
  };
}

function fetchRequest(
  topicId: string,
  fetchOffset: bigint,
  options: { maxWaitMs?: number; minBytes?: number; maxBytes?: number } = {},
): Input<typeof FetchRequest> {
  return {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1 << 20,
    topics: [{
      topic: TOPIC,
      topicId,
      partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1 << 20 }],
    }],
    ...options,
  };
}

/** A broker with a topic, and its id. */
async function setUp() {
  const stack = new AsyncDisposableStack();
  const broker = stack.use(await startBroker({ topics: [{ name: TOPIC }] }));
  const connect = async () => stack.use(await WireClient.connect(broker.address));
  const client = await connect();
  const metadata = await client.call(MetadataRequest, MetadataResponse, 12, { topics: null });
  const topicId = metadata.topics[0]?.topicId ?? "";
  const produce = async (values: string[], version = 9) => {
    const request = produceRequest(topicId, batchOf(values));
    const { responses } = await client.call(ProduceRequest, ProduceResponse, version, request);
    return responses[0]?.partitionResponses[0] ?? assert.fail("no answer for the partition");
  };
  return { broker, client, connect, topicId, produce, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

Deno.test("Broker answers ApiVersions in every version with what it serves, and Produce from v0 on as Kafka does", async () => {
  await using test = await setUp();
  for (let version = 0; version <= 4; version++) {
    const { errorCode, apiKeys } = await test.client.call(ApiVersionsRequest, ApiVersionsResponse, version, {
      clientSoftwareName: "test",
      clientSoftwareVersion: "1.0",
    });
    assert.equal(errorCode, ErrorCode.NONE);
    for (const { apiKey, minVersion, maxVersion } of apiKeys) {
      const request = APIS.get(apiKey)?.request;
      const isListedOnly = apiKey === ProduceRequest.apiKey;
      assert.ok(isListedOnly ? minVersion === 0 : request?.supports(minVersion), `API ${apiKey}`);
      assert.ok(request?.supports(maxVersion), `API ${apiKey}`);
    }
    assert.ok(apiKeys.length >= 20);
  }
});

Deno.test("Broker answers a version of ApiVersions that it does not know in v0, with the list", async () => {
  await using test = await setUp();
  const frame = new Uint8Array(4 + 8 + 2);
  const view = new DataView(frame.buffer);
  view.setInt32(0, 10);
  view.setInt16(4, ApiVersionsRequest.apiKey);
  view.setInt16(6, 99);
  view.setInt32(8, 1);
  await test.client.sendRaw(frame);
  const answer = await test.client.receive(ApiVersionsResponse, 0, 1);
  assert.equal(answer.errorCode, ErrorCode.UNSUPPORTED_VERSION);
  assert.ok(answer.apiKeys.some(({ apiKey }) => apiKey === ApiVersionsRequest.apiKey));
});

Deno.test("Broker closes the connection of a request that it does not serve, as Kafka does", async () => {
  await using test = await setUp();
  const { apiKey: produce } = ProduceRequest;
  for (const [apiKey, version] of [[999, 0], [produce, 99], [produce, -1], [produce, 0], [produce, 2]]) {
    using client = await test.connect();
    const frame = new Uint8Array(14);
    const view = new DataView(frame.buffer);
    view.setInt32(0, 10);
    view.setInt16(4, apiKey ?? 0);
    view.setInt16(6, version ?? 0);
    await client.sendRaw(frame);
    await client.untilClosed();
  }
});

Deno.test("Broker produces and fetches in every version", async () => {
  await using test = await setUp();
  const expected: string[] = [];
  for (let version = ProduceRequest.minVersion; version <= ProduceRequest.maxVersion; version++) {
    const { errorCode, baseOffset } = await test.produce([`v${version}`], version);
    assert.equal(errorCode, ErrorCode.NONE, `v${version}`);
    expected.push(`${baseOffset}:v${version}`);
  }
  for (let version = FetchRequest.minVersion; version <= FetchRequest.maxVersion; version++) {
    const request = fetchRequest(test.topicId, 0n);
    const { responses } = await test.client.call(FetchRequest, FetchResponse, version, request);
    const [topic] = responses;
    if (version < BY_ID_SINCE) assert.equal(topic?.topic, TOPIC);
    else assert.equal(topic?.topicId, test.topicId);
    const [partition] = topic?.partitions ?? [];
    assert.deepEqual(contentOf(partition?.records ?? new Uint8Array()), expected, `v${version}`);
    assert.equal(partition?.highWatermark, BigInt(expected.length));
  }
});

Deno.test("Broker answers every API in every version", async () => {
  await using test = await setUp();
  const listOffsets = {
    replicaId: -1,
    topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0, timestamp: -1n }] }],
  };
  const createTopics = {
    topics: [{ name: "new", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 1,
  };
  const init = { transactionalId: null, transactionTimeoutMs: 1 };
  await everyVersion(test.client, ListOffsetsRequest, ListOffsetsResponse, listOffsets);
  await everyVersion(test.client, MetadataRequest, MetadataResponse, { topics: [{ name: TOPIC }] });
  await everyVersion(test.client, CreateTopicsRequest, CreateTopicsResponse, createTopics);
  await everyVersion(test.client, InitProducerIdRequest, InitProducerIdResponse, init, 5);
  // All others with a request that says as little as it may.
  const done = new Set([0, 1, 2, 3, 17, 18, 19, 22, 36]);
  const little = {
    groupId: "g",
    generationId: 0,
    generationIdOrMemberEpoch: -1,
    memberId: "m",
    sessionTimeoutMs: 10_000,
    protocolType: "",
    protocols: [],
    topics: [],
    groups: [],
    groupsNames: [],
    assignments: [],
    resources: [],
    timeoutMs: 1,
    validateOnly: true,
    key: "k",
    members: [],
    includeClusterAuthorizedOperations: false,
    transactionalId: "x",
    producerId: 0n,
    producerEpoch: 0,
    committed: true,
    v3AndBelowTransactionalId: "x",
    v3AndBelowProducerId: 0n,
    v3AndBelowProducerEpoch: 0,
    v3AndBelowTopics: [],
    transactions: [],
    markers: [],
    components: [],
    strict: true,
    resourceTypes: [],
    transactionalIds: [],
    stateFilters: [],
    producerIdFilters: [],
  };
  for (const { request, response } of APIS.values()) {
    if (!done.has(request.apiKey)) await everyVersion(test.client, request, response, little);
  }
});

async function everyVersion<Q extends Fields, R extends Fields>(
  client: WireClient,
  request: Message<Q>,
  response: Message<R>,
  value: Parameters<Message<Q>["encode"]>[1],
  maxVersion = request.maxVersion,
): Promise<void> {
  for (let version = request.minVersion; version <= maxVersion; version++) {
    await client.call(request, response, version, value);
  }
}

Deno.test("Broker does not answer a produce request with acks 0, and takes it", async () => {
  await using test = await setUp();
  await test.client.send(ProduceRequest, 9, produceRequest(test.topicId, batchOf(["a"]), 0));
  const { baseOffset } = await test.produce(["b"]);
  assert.equal(baseOffset, 1n);
});

Deno.test("Broker refuses acks and partitions that are not there", async () => {
  await using test = await setUp();
  const errorOf = async (request: Input<typeof ProduceRequest>) => {
    const { responses } = await test.client.call(ProduceRequest, ProduceResponse, 9, request);
    return responses[0]?.partitionResponses[0]?.errorCode;
  };
  assert.equal(await errorOf(produceRequest("", batchOf(["a"]), 2)), ErrorCode.INVALID_REQUIRED_ACKS);
  const data = { index: 5, records: batchOf(["a"]) };
  const request = {
    transactionalId: null,
    acks: -1,
    timeoutMs: 1,
    topicData: [{ name: TOPIC, partitionData: [data] }],
  };
  assert.equal(await errorOf(request), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  assert.equal(
    await errorOf({ ...request, topicData: [{ name: "none", partitionData: [data] }] }),
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  );
});

Deno.test("Broker lets a fetch wait, and answers it when a record is appended", async () => {
  await using test = await setUp();
  using reader = await test.connect();
  const sent = await reader.send(FetchRequest, 12, fetchRequest("", 0n, { maxWaitMs: LONG_WAIT_MS }));
  await test.produce(["a"]);
  const { responses } = await reader.receive(FetchResponse, 12, sent);
  assert.deepEqual(contentOf(responses[0]?.partitions[0]?.records ?? new Uint8Array()), ["0:a"]);
});

Deno.test("Broker lets a fetch wait for minBytes, over several appends", async () => {
  await using test = await setUp();
  using reader = await test.connect();
  const minBytes = batchOf(["a"]).length * 2;
  const sent = await reader.send(
    FetchRequest,
    12,
    fetchRequest("", 0n, { maxWaitMs: LONG_WAIT_MS, minBytes }),
  );
  await test.produce(["a"]);
  await test.produce(["b"]);
  await test.produce(["c"]);
  const { responses } = await reader.receive(FetchResponse, 12, sent);
  assert.deepEqual(contentOf(responses[0]?.partitions[0]?.records ?? new Uint8Array()).slice(0, 2), [
    "0:a",
    "1:b",
  ]);
});

Deno.test("Broker answers a fetch that waits for a topic when that is deleted", async () => {
  await using test = await setUp();
  using reader = await test.connect();
  const sent = await reader.send(FetchRequest, 12, fetchRequest("", 0n, { maxWaitMs: LONG_WAIT_MS }));
  await test.client.call(DeleteTopicsRequest, DeleteTopicsResponse, 4, {
    topicNames: [TOPIC],
    timeoutMs: 1_000,
  });
  const { responses } = await reader.receive(FetchResponse, 12, sent);
  assert.equal(responses[0]?.partitions[0]?.errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
});

Deno.test("Broker answers a fetch that waited long enough with nothing", async () => {
  await using test = await setUp();
  const request = fetchRequest("", 0n, { maxWaitMs: 20 });
  const { responses } = await test.client.call(FetchRequest, FetchResponse, 12, request);
  const partition = responses[0]?.partitions[0];
  assert.equal(partition?.errorCode, ErrorCode.NONE);
  assert.equal(partition?.records?.length, 0);
});

Deno.test("Broker always gives a whole batch, whatever maxBytes says, and no offset that is not there", async () => {
  await using test = await setUp();
  await test.produce(["x".repeat(1_000)]);
  const fetch = async (offset: bigint) => {
    const request = fetchRequest("", offset, { maxBytes: 1 });
    const { responses } = await test.client.call(FetchRequest, FetchResponse, 12, request);
    return responses[0]?.partitions[0] ?? assert.fail("no answer");
  };
  assert.equal(contentOf((await fetch(0n)).records ?? new Uint8Array()).length, 1);
  assert.equal((await fetch(2n)).errorCode, ErrorCode.OFFSET_OUT_OF_RANGE);
  assert.equal((await fetch(-1n)).errorCode, ErrorCode.OFFSET_OUT_OF_RANGE);
});

Deno.test("Broker answers in the order of the requests, and hurries a fetch that a heartbeat waits behind", async () => {
  await using test = await setUp();
  const fetched = await test.client.send(FetchRequest, 12, fetchRequest("", 0n, { maxWaitMs: LONG_WAIT_MS }));
  const beat = await test.client.send(HeartbeatRequest, 4, { groupId: "g", generationId: 1, memberId: "m" });
  const { responses } = await test.client.receive(FetchResponse, 12, fetched);
  assert.equal(responses[0]?.partitions[0]?.records?.length, 0);
  const { errorCode } = await test.client.receive(HeartbeatResponse, 4, beat);
  assert.equal(errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
});

Deno.test("Broker answers fetches that wait behind one another each in its turn", async () => {
  await using test = await setUp();
  using reader = await test.connect();
  const sent: number[] = [];
  for (const maxWaitMs of [LONG_WAIT_MS, 0, LONG_WAIT_MS]) {
    sent.push(await reader.send(FetchRequest, 12, fetchRequest("", 0n, { maxWaitMs })));
  }
  await test.produce(["a"]);
  for (const id of sent) await reader.receive(FetchResponse, 12, id);
});

Deno.test("Broker finds offsets by time, also the largest", async () => {
  await using test = await setUp();
  for (const timestamp of [1_000, 9_000, 5_000]) {
    const request = produceRequest("", batchOf(["a", "b"], { timestamp }));
    await test.client.call(ProduceRequest, ProduceResponse, 9, request);
  }
  const find = async (timestamp: bigint) => {
    const topics = [{ name: TOPIC, partitions: [{ partitionIndex: 0, timestamp }] }];
    const answer = await test.client.call(ListOffsetsRequest, ListOffsetsResponse, 7, {
      replicaId: -1,
      topics,
    });
    return answer.topics[0]?.partitions[0]?.offset;
  };
  assert.equal(await find(-1n), 6n);
  assert.equal(await find(-2n), 0n);
  assert.equal(await find(-3n), 3n);
  assert.equal(await find(1_001n), 1n);
  assert.equal(await find(2_000n), 2n);
  assert.equal(await find(9_999n), -1n);
});

Deno.test("Broker makes a topic that Metadata names only where both sides allow it", async () => {
  await using test = await setUp();
  const ask = async (name: string, allowAutoTopicCreation: boolean) => {
    const request = { topics: [{ name }], allowAutoTopicCreation };
    return (await test.client.call(MetadataRequest, MetadataResponse, 9, request)).topics[0]?.errorCode;
  };
  assert.equal(await ask("other", false), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  assert.equal(await ask("other", true), ErrorCode.NONE);
  assert.equal(await ask("other", false), ErrorCode.NONE);
  assert.equal(await ask("a b", true), ErrorCode.INVALID_TOPIC_EXCEPTION);
  assert.equal(await ask("a b", false), ErrorCode.INVALID_TOPIC_EXCEPTION);
});

Deno.test("Broker checks topics that are only to be validated, and makes none", async () => {
  await using test = await setUp();
  const create = async (
    topic: { name: string; numPartitions?: number; configs?: Record<string, string> },
  ) => {
    const { name, numPartitions = 1, configs = {} } = topic;
    const entries = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
    const request = {
      topics: [{ name, numPartitions, replicationFactor: -1, assignments: [], configs: entries }],
      timeoutMs: 1_000,
      validateOnly: true,
    };
    return (await test.client.call(CreateTopicsRequest, CreateTopicsResponse, 7, request)).topics[0]
      ?.errorCode;
  };
  assert.equal(await create({ name: "new" }), ErrorCode.NONE);
  assert.equal(await create({ name: "new" }), ErrorCode.NONE);
  assert.equal(await create({ name: TOPIC }), ErrorCode.TOPIC_ALREADY_EXISTS);
  assert.equal(await create({ name: "new", numPartitions: 0 }), ErrorCode.INVALID_PARTITIONS);
  assert.equal(await create({ name: "new", numPartitions: 1_000_000 }), ErrorCode.POLICY_VIOLATION);
  assert.equal(await create({ name: "new", configs: { "retention.ms": "x" } }), ErrorCode.INVALID_CONFIG);
  assert.equal(await create({ name: "new", configs: { "cleanup.policy": "compact" } }), ErrorCode.NONE);
});
