/** Fetches of a megabyte and more, many at once: their memory is used again when they were sent. */
import assert from "node:assert/strict";
import { Producer } from "../../src/kafka/producer.ts";
import { startBroker } from "../../src/testing.ts";
import { FetchRequest, FetchResponse } from "../../src/wire/messages/01_fetch.ts";
import { verifyBatch } from "../../src/wire/record_batch.ts";
import { decodeRecords } from "../../src/wire/records.ts";
import { plainSettings } from "../support/kafka_settings.ts";
import { WireClient } from "../support/wire_client.ts";

const TOPICS = ["a", "b", "c", "d"];
const RECORDS = 6_000;
const VALUE = "x".repeat(1_000);
const FETCH_VERSION = 12;
const FETCH_BYTES = 1024 * 1024;
/** Together more than the system takes of a peer that does not read. */
const FETCHES = 16;

Deno.test("Broker gives everyone their own bytes, when many ask for much and take it late", async () => {
  const data = await Deno.makeTempDir();
  try {
    await using broker = await startBroker({ data, topics: TOPICS.map((name) => ({ name })) });
    {
      await using producer = await Producer.connect(plainSettings(broker.address));
      await Promise.all(
        TOPICS.flatMap((topic) =>
          Array.from({ length: RECORDS }, (_, i) => producer.send({ topic, value: `${topic}${i}${VALUE}` }))
        ),
      );
    }
    using stack = new DisposableStack();
    const peers = await Promise.all(TOPICS.map(async (topic) => {
      const client = stack.use(await WireClient.connect(broker.address));
      const asked: { offset: number; correlationId: number }[] = [];
      return { topic, client, asked };
    }));
    for (let fetch = 0; fetch < FETCHES; fetch++) {
      for (const { topic, client, asked } of peers) {
        const offset = fetch * 97;
        asked.push({
          offset,
          correlationId: await client.send(FetchRequest, FETCH_VERSION, fetchOf(topic, offset)),
        });
      }
    }
    for (let fetch = 0; fetch < FETCHES; fetch++) {
      for (const { topic, client, asked } of peers) {
        const { offset = 0, correlationId = 0 } = asked[fetch] ?? {};
        const answer = await client.receive(FetchResponse, FETCH_VERSION, correlationId);
        const records = answer.responses[0]?.partitions[0]?.records ?? new Uint8Array();
        assert.ok(records.length > FETCH_BYTES / 2, `${records.length} bytes`);
        assert.equal(verifyBatch(records), undefined);
        const [first] = decodeRecords(records);
        const i = Number(first?.offset);
        assert.ok(i <= offset);
        assert.equal(new TextDecoder().decode(first?.value ?? undefined), `${topic}${i}${VALUE}`);
      }
    }
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

function fetchOf(topic: string, offset: number) {
  return {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: FETCH_BYTES,
    topics: [{
      topic,
      partitions: [{ partition: 0, fetchOffset: BigInt(offset), partitionMaxBytes: FETCH_BYTES }],
    }],
  };
}
