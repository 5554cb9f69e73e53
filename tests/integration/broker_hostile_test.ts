import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { configureLog, logLine } from "../../src/base/log.ts";
import { sleep } from "../../src/base/stop.ts";
import { startBroker } from "../../src/testing.ts";
import { APIS } from "../../src/wire/apis.ts";
import { crc32c } from "../../src/wire/crc32c.ts";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { encodeRequest } from "../../src/wire/frame.ts";
import { MAX_UNCOMPRESSED_BYTES } from "../../src/wire/limits.ts";
import { ProduceRequest, ProduceResponse } from "../../src/wire/messages/00_produce.ts";
import { FetchRequest, FetchResponse } from "../../src/wire/messages/01_fetch.ts";
import { ListOffsetsRequest, ListOffsetsResponse } from "../../src/wire/messages/02_list_offsets.ts";
import { MetadataRequest, MetadataResponse } from "../../src/wire/messages/03_metadata.ts";
import { JoinGroupRequest, JoinGroupResponse } from "../../src/wire/messages/11_join_group.ts";
import { LeaveGroupRequest, LeaveGroupResponse } from "../../src/wire/messages/13_leave_group.ts";
import { BATCH_AT, COMPRESSION_TYPES } from "../../src/wire/record_batch.ts";
import { batchOf } from "../support/batches.ts";
import { WireClient } from "../support/wire_client.ts";

/** A frame: the size as given, or as it is. */
function frame(body: Uint8Array, size = body.length): Uint8Array {
  const bytes = new Uint8Array(4 + body.length);
  new DataView(bytes.buffer).setInt32(0, size);
  bytes.set(body, 4);
  return bytes;
}

/** apiKey, apiVersion, correlationId and an empty client id. */
function header(apiKey: number, apiVersion: number): Uint8Array {
  const bytes = new Uint8Array(10);
  const view = new DataView(bytes.buffer);
  view.setInt16(0, apiKey);
  view.setInt16(2, apiVersion);
  return bytes;
}

/** What the broker takes for a fault of its own. */
const faults: string[] = [];
configureLog({ level: "error", sink: (record) => void faults.push(logLine(record)) });

/** Another client is served as ever, and the broker finds no fault with itself. */
async function assertServes(address: string): Promise<void> {
  assert.deepEqual(faults, []);
  using client = await WireClient.connect(address);
  const { brokers } = await client.call(MetadataRequest, MetadataResponse, 9, { topics: null });
  assert.equal(brokers.length, 1);
}

Deno.test("Broker closes the connection of a size that cannot be, and no other", async () => {
  await using broker = await startBroker();
  using bystander = await WireClient.connect(broker.address);
  for (const size of [-1, 0, 7, 2 ** 31 - 1, -(2 ** 31)]) {
    using client = await WireClient.connect(broker.address);
    await client.sendRaw(frame(new Uint8Array(64), size));
    await client.untilClosed();
  }
  const { topics } = await bystander.call(MetadataRequest, MetadataResponse, 9, { topics: null });
  assert.deepEqual(topics, []);
});

Deno.test("Broker closes the connection of counts and lengths that cannot be", async () => {
  await using broker = await startBroker();
  const counts = [-2, 2 ** 31 - 1, -(2 ** 31)];
  for (const count of counts) {
    using client = await WireClient.connect(broker.address);
    const body = new Uint8Array(18);
    body.set(header(MetadataRequest.apiKey, 1));
    new DataView(body.buffer).setInt32(10, count);
    await client.sendRaw(frame(body));
    await client.untilClosed();
  }
  await assertServes(broker.address);
});

Deno.test("Broker survives random bytes as the body of any request", async () => {
  await using broker = await startBroker();
  const requests = [...APIS.values()].map(({ request }) => request);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...requests).chain((request) =>
        fc.tuple(
          fc.constant(request.apiKey),
          fc.integer({ min: request.minVersion, max: request.maxVersion }),
        )
      ),
      fc.uint8Array({ maxLength: 200 }),
      async ([apiKey, version], random) => {
        using client = await WireClient.connect(broker.address);
        await client.sendRaw(frame(new Uint8Array([...header(apiKey, version), ...random])));
        // An answer or the end: either is right, silence is not. The next request tells them apart from a hang.
        await client.sendRaw(frame(new Uint8Array(1), 1));
        await client.untilClosed();
      },
    ),
    { numRuns: 300 },
  );
  await assertServes(broker.address);
});

Deno.test("Broker survives random bytes that are no frame", async () => {
  await using broker = await startBroker();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 500 }), async (random) => {
      using client = await WireClient.connect(broker.address);
      await client.sendRaw(random);
    }),
    { numRuns: 100 },
  );
  await assertServes(broker.address);
});

Deno.test("Broker survives record batches that were changed anywhere", async () => {
  await using broker = await startBroker({ topics: [{ name: "t" }] });
  const good = batchOf(["a", "b", "c"]);
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), async (at, byte, length) => {
      using client = await WireClient.connect(broker.address);
      const records = good.slice(0, length);
      records[at] = byte;
      const topicData = [{ name: "t", partitionData: [{ index: 0, records }] }];
      const request = { transactionalId: null, acks: -1, timeoutMs: 1, topicData };
      await client.sendRaw(encodeRequest(ProduceRequest, 9, { correlationId: 1, clientId: null }, request));
      assert.ok(await client.readFrame() !== undefined);
    }),
    { numRuns: 200 },
  );
  await assertServes(broker.address);
});

Deno.test("Broker takes a request that comes byte by byte", async () => {
  await using broker = await startBroker();
  using client = await WireClient.connect(broker.address);
  const bytes = encodeRequest(MetadataRequest, 9, { correlationId: 1, clientId: "slow" }, { topics: null });
  for (let at = 0; at < bytes.length; at++) await client.sendRaw(bytes.subarray(at, at + 1));
  await client.receive(MetadataResponse, 9, 1);
});

Deno.test("Broker takes many requests that come at once, and answers all in order", async () => {
  await using broker = await startBroker({ limits: { maxInFlightRequests: 4 } });
  using client = await WireClient.connect(broker.address);
  const ids: number[] = [];
  for (let i = 0; i < 200; i++) ids.push(await client.send(MetadataRequest, 9, { topics: null }));
  for (const id of ids) await client.receive(MetadataResponse, 9, id);
});

Deno.test("Broker closes a connection that is silent, or half sends a request, for too long", async () => {
  await using broker = await startBroker({ limits: { connectionIdleMs: 50 } });
  using silent = await WireClient.connect(broker.address);
  using half = await WireClient.connect(broker.address);
  await half.sendRaw(frame(header(MetadataRequest.apiKey, 9), 1_000));
  await silent.untilClosed();
  await half.untilClosed();
});

Deno.test("Broker closes a peer that asks and asks, and takes no answer", async () => {
  await using broker = await startBroker({
    topics: [{ name: "t" }],
    limits: { maxResponseBacklogBytes: 1_000_000, writeStallMs: 100 },
  });
  using client = await WireClient.connect(broker.address);
  const topicData = [{ name: "t", partitionData: [{ index: 0, records: batchOf(["x".repeat(900_000)]) }] }];
  const request = { transactionalId: null, acks: -1, timeoutMs: 1, topicData };
  await client.sendRaw(encodeRequest(ProduceRequest, 9, { correlationId: 1, clientId: null }, request));
  await client.readFrame();
  const fetch = {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1 << 20,
    topics: [{ topic: "t", partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1 << 20 }] }],
  };
  using greedy = await WireClient.connect(broker.address);
  await assert.rejects(async () => {
    // The kernel's buffers take some; then the broker stops to read, and closes in the end.
    for (;;) await greedy.send(FetchRequest, 12, fetch);
  });
  // Who takes its answers is served as ever.
  const answer = await client.call(FetchRequest, FetchResponse, 12, fetch);
  assert.ok((answer.responses[0]?.partitions[0]?.records?.length ?? 0) > 900_000);
});

Deno.test("Broker refuses connections above the limit, and serves those it has", async () => {
  await using broker = await startBroker({ limits: { maxConnections: 2 } });
  using first = await WireClient.connect(broker.address);
  using second = await WireClient.connect(broker.address);
  await first.call(MetadataRequest, MetadataResponse, 9, { topics: null });
  await second.call(MetadataRequest, MetadataResponse, 9, { topics: null });
  using third = await WireClient.connect(broker.address);
  await third.untilClosed();
  await first.call(MetadataRequest, MetadataResponse, 9, { topics: null });
});

Deno.test("Broker survives clients that go away while they wait", async () => {
  await using broker = await startBroker({ topics: [{ name: "t" }] });
  const topics = [{
    topic: "t",
    partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1 << 20 }],
  }];
  for (let i = 0; i < 20; i++) {
    using client = await WireClient.connect(broker.address);
    await client.send(FetchRequest, 12, { maxWaitMs: 60_000, minBytes: 1, maxBytes: 1 << 20, topics });
  }
  using client = await WireClient.connect(broker.address);
  const topicData = [{ name: "t", partitionData: [{ index: 0, records: batchOf(["a"]) }] }];
  const request = { transactionalId: null, acks: -1, timeoutMs: 1, topicData };
  await client.sendRaw(encodeRequest(ProduceRequest, 9, { correlationId: 1, clientId: null }, request));
  assert.ok(await client.readFrame() !== undefined);
});

Deno.test("Broker refuses more connections of an address than there may be, until one of them is closed", async () => {
  await using broker = await startBroker({ limits: { maxConnectionsPerIp: 2 } });
  const metadata = (client: WireClient) =>
    client.call(MetadataRequest, MetadataResponse, 9, { topics: null });
  using first = await WireClient.connect(broker.address);
  await metadata(first);
  {
    using second = await WireClient.connect(broker.address);
    await metadata(second);
    using third = await WireClient.connect(broker.address);
    await third.untilClosed();
    await metadata(second);
  }
  for (;;) {
    using another = await WireClient.connect(broker.address);
    // The second's end may not have come through yet.
    const isServed = await metadata(another).then(() => true, () => false);
    if (isServed) break;
  }
  await metadata(first);
});

Deno.test("Broker closes who dribbles a request, however busily, and not who is silent between requests", async () => {
  await using broker = await startBroker({ limits: { frameStallMs: 80 } });
  using silent = await WireClient.connect(broker.address);
  await silent.call(MetadataRequest, MetadataResponse, 9, { topics: null });
  using dribbler = await WireClient.connect(broker.address);
  const bytes = frame(new Uint8Array(5_000));
  await assert.rejects(async () => {
    for (let at = 0;; at++) {
      await dribbler.sendRaw(bytes.subarray(at, at + 1));
      await sleep(5);
    }
  });
  await silent.call(MetadataRequest, MetadataResponse, 9, { topics: null });
});

Deno.test("Broker lets a large request come piece by piece, as long as it comes", async () => {
  await using broker = await startBroker({ topics: [{ name: "t" }], limits: { frameStallMs: 200 } });
  using client = await WireClient.connect(broker.address);
  const records = batchOf(["x".repeat(6 << 20)]);
  const topicData = [{ name: "t", partitionData: [{ index: 0, records }] }];
  const request = { transactionalId: null, acks: -1, timeoutMs: 1, topicData };
  const bytes = encodeRequest(ProduceRequest, 9, { correlationId: 1, clientId: null }, request);
  for (let at = 0; at < bytes.length; at += 1 << 20) {
    await client.sendRaw(bytes.subarray(at, at + (1 << 20)));
    await sleep(60);
  }
  assert.ok(await client.readFrame() !== undefined);
});

Deno.test("Broker closes a connection whose peer sends nothing more, also while it waits for an answer", async () => {
  await using broker = await startBroker({ topics: [{ name: "t" }] });
  const topics = [{
    topic: "t",
    partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1 << 20 }],
  }];
  using idle = await WireClient.connect(broker.address);
  using waiting = await WireClient.connect(broker.address);
  await waiting.send(FetchRequest, 12, { maxWaitMs: 60_000, minBytes: 1, maxBytes: 1 << 20, topics });
  for (const client of [idle, waiting]) {
    await client.endSending();
    await client.untilClosed();
  }
  await assertServes(broker.address);
});

Deno.test("Broker holds no memory for what is only announced", async () => {
  await using broker = await startBroker();
  const before = Deno.memoryUsage().external;
  const announced = frame(header(MetadataRequest.apiKey, 9), 90 << 20);
  using stack = new DisposableStack();
  const clients: WireClient[] = [];
  for (let i = 0; i < 50; i++) {
    const client = stack.use(await WireClient.connect(broker.address));
    await client.sendRaw(announced);
    clients.push(client);
  }
  await assertServes(broker.address);
  // 50 times 90 MiB were announced.
  assert.ok(Deno.memoryUsage().external - before < 64 << 20);
});

Deno.test("Broker is not blown up by a batch that is small and becomes large, wherever it looks into it", async () => {
  await using broker = await startBroker({
    topics: [{ name: "plain" }, { name: "compacted", configs: { "cleanup.policy": "compact" } }],
  });
  using client = await WireClient.connect(broker.address);
  const good = batchOf(["x"]);
  // More than a batch may become: whoever went on would hold all of it.
  const zeros = new Uint8Array(2 * MAX_UNCOMPRESSED_BYTES);
  for (const bomb of [gzipSync(zeros), zstdCompressSync(zeros)]) {
    const records = new Uint8Array(BATCH_AT.records + bomb.length);
    records.set(good.subarray(0, BATCH_AT.records));
    records.set(bomb, BATCH_AT.records);
    const view = new DataView(records.buffer);
    view.setInt32(BATCH_AT.batchLength, records.length - BATCH_AT.partitionLeaderEpoch);
    view.setInt16(BATCH_AT.attributes, COMPRESSION_TYPES.indexOf(bomb[0] === 0x1f ? "gzip" : "zstd"));
    view.setUint32(BATCH_AT.crc, crc32c(records.subarray(BATCH_AT.attributes)));
    for (const name of ["plain", "compacted"]) {
      const topicData = [{ name, partitionData: [{ index: 0, records }] }];
      const request = { transactionalId: null, acks: -1, timeoutMs: 1, topicData };
      await client.call(ProduceRequest, ProduceResponse, 9, request);
      const partitions = [{ partitionIndex: 0, timestamp: 1n }];
      const wanted = { replicaId: -1, topics: [{ name, partitions }] };
      const { topics } = await client.call(ListOffsetsRequest, ListOffsetsResponse, 7, wanted);
      assert.equal(topics[0]?.partitions[0]?.errorCode, ErrorCode.NONE);
    }
  }
  await assertServes(broker.address);
});

Deno.test("Broker closes who makes it hold most when all together make it hold too much, and serves the others", async () => {
  await using broker = await startBroker({ topics: [{ name: "t" }], limits: { maxBufferedBytes: 4 << 20 } });
  using small = await WireClient.connect(broker.address);
  using stack = new DisposableStack();
  let closed = 0;
  // Each sends 1 MiB of a request, and leaves it at that.
  const begun = new Uint8Array((1 << 20) + 4);
  new DataView(begun.buffer).setInt32(0, 90 << 20);
  for (let i = 0; i < 12; i++) {
    const client = stack.use(await WireClient.connect(broker.address));
    await client.sendRaw(begun).catch(() => {});
    client.untilClosed().then(() => closed++, () => {});
    await small.call(MetadataRequest, MetadataResponse, 9, { topics: null });
  }
  while (closed < 6) await small.call(MetadataRequest, MetadataResponse, 9, { topics: null });
  await assertServes(broker.address);
});

Deno.test("Broker holds no more of all groups' members than it may, and takes others once some have left", async () => {
  await using broker = await startBroker({ limits: { maxMembersBytes: 10_000 } });
  using client = await WireClient.connect(broker.address);
  const join = (groupId: string, bytes: number, memberId = "") =>
    client.call(JoinGroupRequest, JoinGroupResponse, 3, {
      groupId,
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 30_000,
      memberId,
      protocolType: "consumer",
      protocols: [{ name: "range", metadata: new Uint8Array(bytes) }],
    });
  const first = await join("a", 8_000);
  assert.equal(first.errorCode, ErrorCode.NONE);
  assert.equal((await join("b", 2_000)).errorCode, ErrorCode.POLICY_VIOLATION);
  // Who is in stays in, as long as it does not want more.
  assert.equal((await join("a", 8_000, first.memberId)).errorCode, ErrorCode.NONE);
  assert.equal((await join("a", 10_000, first.memberId)).errorCode, ErrorCode.POLICY_VIOLATION);
  const members = [{ memberId: first.memberId }];
  const left = await client.call(LeaveGroupRequest, LeaveGroupResponse, 3, { groupId: "a", members });
  assert.equal(left.members[0]?.errorCode, ErrorCode.NONE);
  assert.equal((await join("b", 2_000)).errorCode, ErrorCode.NONE);
  await assertServes(broker.address);
});
