import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type Broker, startBroker } from "../../../src/broker/broker.ts";
import { encodeRequest } from "../../../src/wire/frame.ts";
import { ProduceRequest, ProduceResponse } from "../../../src/wire/messages/00_produce.ts";
import { FetchRequest, FetchResponse } from "../../../src/wire/messages/01_fetch.ts";
import { batchOf } from "../../support/batches.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { WireClient } from "../../support/wire_client.ts";

const MIB = 1024 * 1024;
const STALL_MS = 1_000;
const RECORD_BYTES = 13 * MIB;
const RECORDS = 4;
/** More than the buffers of the system hold: who has read it has made the broker send more. */
const STEP_BYTES = 16 * MIB;
/** Each fills the room for answers. */
const LARGE_FETCHES = 4;

/** A broker whose time stands still, and a peer whose large answer has begun to come. */
async function answering(clock: FakeClock): Promise<{ broker: Broker; peer: Deno.Conn }> {
  const broker = await startBroker({
    clock,
    topics: [{ name: "t", configs: { "max.message.bytes": `${2 * RECORD_BYTES}` } }],
    limits: { writeStallMs: STALL_MS, maxFetchBytes: 100 * MIB },
  });
  using producer = await WireClient.connect(broker.address);
  for (let i = 0; i < RECORDS; i++) {
    const records = batchOf(["x".repeat(RECORD_BYTES)]);
    const topicData = [{ name: "t", partitionData: [{ index: 0, records }] }];
    const request = { transactionalId: null, acks: -1, timeoutMs: 1, topicData };
    await producer.call(ProduceRequest, ProduceResponse, 9, request);
  }
  const [hostname = "", port] = broker.address.split(":");
  const peer = await Deno.connect({ hostname, port: Number(port) });
  await fetchAll(peer);
  return { broker, peer };
}

async function fetchAll(peer: Deno.Conn): Promise<void> {
  const partitions = [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 100 * MIB }];
  const topics = [{ topic: "t", partitions }];
  const request = { maxWaitMs: 0, minBytes: 1, maxBytes: 100 * MIB, topics };
  await peer.write(encodeRequest(FetchRequest, 12, { correlationId: 1, clientId: null }, request));
}

/** Reads so many bytes. @returns how many there were before the end */
async function read(peer: Deno.Conn, sizeBytes: number): Promise<number> {
  const chunk = new Uint8Array(256 * 1024);
  let done = 0;
  while (done < sizeBytes) {
    const n = await peer.read(chunk.subarray(0, Math.min(chunk.length, sizeBytes - done)));
    if (n === null) break;
    done += n;
  }
  return done;
}

Deno.test("Connection lets a peer take a large answer slowly, as long as it takes some of it", async () => {
  const clock = new FakeClock();
  const { broker, peer } = await answering(clock);
  await using _broker = broker;
  using _peer = peer;
  const size = new Uint8Array(4);
  await peer.read(size);
  const left = new DataView(size.buffer).getInt32(0);
  assert.ok(left > RECORDS * RECORD_BYTES);
  for (let step = 0; step < 2; step++) {
    assert.equal(await read(peer, STEP_BYTES), STEP_BYTES);
    clock.advance(0.9 * STALL_MS);
  }
  assert.equal(await read(peer, left - 2 * STEP_BYTES), left - 2 * STEP_BYTES);
  // It is served on.
  clock.advance(2 * STALL_MS);
  await fetchAll(peer);
  assert.equal(await peer.read(size), 4);
});

Deno.test("Connection closes a peer that takes nothing of a large answer", async () => {
  const clock = new FakeClock();
  const { broker, peer } = await answering(clock);
  await using _broker = broker;
  using _peer = peer;
  assert.equal(await read(peer, 1), 1);
  await assert.rejects(async () => {
    // The system's buffers take some first, which the broker cannot tell from the peer.
    for (let tries = 0; tries < 1_000; tries++) {
      clock.advance(STALL_MS);
      await peer.write(new Uint8Array(1));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  });
});

Deno.test("Connection takes no more requests while answers that wait for their turn fill its room", async () => {
  const clock = new FakeClock();
  const { broker, peer } = await answering(clock);
  peer.close();
  await using _broker = broker;
  using client = await WireClient.connect(broker.address);
  const fetchFrom = (fetchOffset: bigint) => ({
    maxWaitMs: 1_000,
    minBytes: 1,
    maxBytes: 100 * MIB,
    topics: [{ topic: "t", partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: MIB }] }],
  });
  const requests = [
    fetchFrom(BigInt(RECORDS)),
    ...Array.from({ length: LARGE_FETCHES }, () => fetchFrom(0n)),
  ];
  const before = fetchesOf(broker);
  // In one write, so that nothing but the room keeps them from being handled together.
  await client.sendRaw(
    Buffer.concat(
      requests.map((request, correlationId) =>
        encodeRequest(FetchRequest, 11, { correlationId, clientId: null }, request)
      ),
    ),
  );
  for (let tries = 0; fetchesOf(broker) < before + 2 && tries < 10_000; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal(fetchesOf(broker), before + 2);
  clock.advance(1_000);
  for (let i = 0; i <= LARGE_FETCHES; i++) {
    const { responses } = await client.receive(FetchResponse, 11, i);
    const bytes = responses[0]?.partitions[0]?.records?.length ?? 0;
    assert.ok(i === 0 ? bytes === 0 : bytes > RECORD_BYTES, `answer ${i}: ${bytes} bytes`);
  }
});

function fetchesOf(broker: Broker): number {
  return broker.counts().requests.find(({ api }) => api === "Fetch")?.count ?? 0;
}
