import assert from "node:assert/strict";
import { DataLockedError, PortInUseError } from "../../src/broker/errors.ts";
import { startBroker } from "../../src/testing.ts";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { ProduceRequest, ProduceResponse } from "../../src/wire/messages/00_produce.ts";
import { FetchRequest, FetchResponse } from "../../src/wire/messages/01_fetch.ts";
import { OffsetCommitRequest, OffsetCommitResponse } from "../../src/wire/messages/08_offset_commit.ts";
import { OffsetFetchRequest, OffsetFetchResponse } from "../../src/wire/messages/09_offset_fetch.ts";
import { CreateTopicsRequest, CreateTopicsResponse } from "../../src/wire/messages/19_create_topics.ts";
import {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from "../../src/wire/messages/22_init_producer_id.ts";
import {
  DescribeConfigsRequest,
  DescribeConfigsResponse,
} from "../../src/wire/messages/32_describe_configs.ts";
import { batchOf, contentOf, type TestBatch } from "../support/batches.ts";
import { WireClient } from "../support/wire_client.ts";

async function withFolder(test: (data: string) => Promise<void>): Promise<void> {
  const data = await Deno.makeTempDir();
  try {
    await test(data);
  } finally {
    await Deno.remove(data, { recursive: true });
  }
}

async function produce(client: WireClient, values: string[], options: TestBatch = {}) {
  // Of now: a segment whose records are old is not written to after a restart, and a fetch reads one segment.
  const records = batchOf(values, { timestamp: Date.now(), ...options });
  const topicData = [{ name: "t", partitionData: [{ index: 0, records }] }];
  const request = { transactionalId: null, acks: -1, timeoutMs: 1_000, topicData };
  const { responses } = await client.call(ProduceRequest, ProduceResponse, 9, request);
  return responses[0]?.partitionResponses[0] ?? assert.fail("no answer");
}

async function fetchAll(client: WireClient) {
  const { responses } = await client.call(FetchRequest, FetchResponse, 12, {
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1 << 20,
    topics: [{ topic: "t", partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1 << 20 }] }],
  });
  const partition = responses[0]?.partitions[0] ?? assert.fail("no answer");
  return { errorCode: partition.errorCode, content: contentOf(partition.records ?? new Uint8Array()) };
}

Deno.test("Broker keeps records, topics, configs, offsets and producers across a restart", () =>
  withFolder(async (data) => {
    let clusterId: string;
    const producer = { producerId: 0n, producerEpoch: 0 };
    {
      await using broker = await startBroker({ data });
      clusterId = broker.clusterId;
      using client = await WireClient.connect(broker.address);
      await client.call(CreateTopicsRequest, CreateTopicsResponse, 7, {
        topics: [{
          name: "t",
          numPartitions: 2,
          replicationFactor: 1,
          assignments: [],
          configs: [{ name: "retention.ms", value: "12345" }],
        }],
        timeoutMs: 1_000,
      });
      const init = { transactionalId: null, transactionTimeoutMs: 1 };
      producer.producerId =
        (await client.call(InitProducerIdRequest, InitProducerIdResponse, 4, init)).producerId;
      await produce(client, ["a", "b"], { ...producer, baseSequence: 0 });
      await client.call(OffsetCommitRequest, OffsetCommitResponse, 8, {
        groupId: "g",
        memberId: "",
        generationIdOrMemberEpoch: -1,
        topics: [{
          name: "t",
          partitions: [{ partitionIndex: 0, committedOffset: 1n, committedMetadata: "ü" }],
        }],
      });
    }
    await using broker = await startBroker({ data });
    using client = await WireClient.connect(broker.address);
    assert.equal(broker.clusterId, clusterId);
    assert.deepEqual(broker.recovered, { topicsCount: 1, partitionsCount: 2, recordsCount: 2, cutBytes: 0 });
    // The same batch again is known, the next one follows.
    assert.equal((await produce(client, ["a", "b"], { ...producer, baseSequence: 0 })).baseOffset, 0n);
    assert.equal((await produce(client, ["c"], { ...producer, baseSequence: 2 })).baseOffset, 2n);
    assert.deepEqual((await fetchAll(client)).content, ["0:a", "1:b", "2:c"]);
    const offsets = await client.call(OffsetFetchRequest, OffsetFetchResponse, 8, {
      groups: [{ groupId: "g", topics: null }],
    });
    const committed = offsets.groups[0]?.topics[0]?.partitions[0];
    assert.deepEqual([committed?.committedOffset, committed?.metadata], [1n, "ü"]);
    const { results } = await client.call(DescribeConfigsRequest, DescribeConfigsResponse, 4, {
      resources: [{ resourceType: 2, resourceName: "t", configurationKeys: ["retention.ms"] }],
    });
    assert.equal(results[0]?.configs[0]?.value, "12345");
    const init = { transactionalId: null, transactionTimeoutMs: 1 };
    const next = await client.call(InitProducerIdRequest, InitProducerIdResponse, 4, init);
    assert.ok(next.producerId > producer.producerId);
  }));

Deno.test("Broker acknowledges after the sync in fsync mode, many at once", () =>
  withFolder(async (data) => {
    {
      await using broker = await startBroker({ data, fsync: true, topics: [{ name: "t" }] });
      using client = await WireClient.connect(broker.address);
      const ids: number[] = [];
      for (let i = 0; i < 50; i++) {
        const topicData = [{ name: "t", partitionData: [{ index: 0, records: batchOf([`${i}`]) }] }];
        const request = { transactionalId: null, acks: -1, timeoutMs: 1_000, topicData };
        ids.push(await client.send(ProduceRequest, 9, request));
      }
      for (const [i, id] of ids.entries()) {
        const { responses } = await client.receive(ProduceResponse, 9, id);
        assert.equal(responses[0]?.partitionResponses[0]?.baseOffset, BigInt(i));
      }
      assert.equal((await fetchAll(client)).content.length, 50);
    }
    await using broker = await startBroker({ data, fsync: true });
    assert.equal(broker.recovered.recordsCount, 50);
  }));

Deno.test("Broker does not serve a partition that is damaged, and serves the others", () =>
  withFolder(async (data) => {
    {
      await using broker = await startBroker({ data, topics: [{ name: "t", partitions: 2 }, { name: "u" }] });
      using client = await WireClient.connect(broker.address);
      for (const value of ["a", "b", "c"]) await produce(client, [value]);
    }
    const [topicId] = [...Deno.readDirSync(`${data}/topics`)].map((entry) => entry.name);
    const path = `${data}/topics/${topicId}/0/00000000000000000000.log`;
    const bytes = await Deno.readFile(path);
    bytes[100] = (bytes[100] ?? 0) ^ 0xff;
    await Deno.writeFile(path, bytes);
    await using broker = await startBroker({ data });
    using client = await WireClient.connect(broker.address);
    assert.equal((await fetchAll(client)).errorCode, ErrorCode.KAFKA_STORAGE_ERROR);
    assert.equal((await produce(client, ["d"])).errorCode, ErrorCode.KAFKA_STORAGE_ERROR);
    const topicData = ["t", "u"].map((name) => ({
      name,
      partitionData: [{ index: name === "t" ? 1 : 0, records: batchOf(["x"]) }],
    }));
    const request = { transactionalId: null, acks: -1, timeoutMs: 1_000, topicData };
    const { responses } = await client.call(ProduceRequest, ProduceResponse, 9, request);
    for (const { partitionResponses } of responses) {
      assert.equal(partitionResponses[0]?.errorCode, ErrorCode.NONE);
    }
    assert.deepEqual(await Deno.readFile(path), bytes);
  }));

Deno.test("startBroker() refuses a folder that is served, and a port that is taken", () =>
  withFolder(async (data) => {
    await using broker = await startBroker({ data });
    await assert.rejects(startBroker({ data }), DataLockedError);
    const port = Number(broker.address.split(":")[1]);
    await assert.rejects(startBroker({ listen: { hostname: "127.0.0.1", port } }), PortInUseError);
  }));

Deno.test("startBroker() gives folder and port back when it closes, by its signal too", () =>
  withFolder(async (data) => {
    const stop = new AbortController();
    const first = await startBroker({ data, signal: stop.signal });
    stop.abort();
    await first.close();
    const port = Number(first.address.split(":")[1]);
    await using _second = await startBroker({ data, listen: { hostname: "127.0.0.1", port } });
  }));
