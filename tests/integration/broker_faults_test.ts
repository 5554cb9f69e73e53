import assert from "node:assert/strict";
import { startBroker } from "../../src/testing.ts";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { ProduceRequest, ProduceResponse } from "../../src/wire/messages/00_produce.ts";
import { MetadataRequest, MetadataResponse } from "../../src/wire/messages/03_metadata.ts";
import { batchOf } from "../support/batches.ts";
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
