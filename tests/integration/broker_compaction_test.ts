import assert from "node:assert/strict";
import { startBroker } from "../../src/testing.ts";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { ProduceRequest, ProduceResponse } from "../../src/wire/messages/00_produce.ts";
import { FetchRequest, FetchResponse } from "../../src/wire/messages/01_fetch.ts";
import { recordBatches } from "../../src/wire/record_batch.ts";
import { decodeRecords, encodeRecordBatch } from "../../src/wire/records.ts";
import { WireClient } from "../support/wire_client.ts";

const DEADLINE_MS = 20_000;
const text = new TextDecoder();
const bytes = new TextEncoder();

async function produce(client: WireClient, key: string, value: string): Promise<void> {
  const records = encodeRecordBatch({
    records: [{ timestamp: BigInt(Date.now()), key: bytes.encode(key), value: bytes.encode(value) }],
  });
  const { responses } = await client.call(ProduceRequest, ProduceResponse, 9, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 1_000,
    topicData: [{ name: "t", partitionData: [{ index: 0, records }] }],
  });
  assert.equal(responses[0]?.partitionResponses[0]?.errorCode, ErrorCode.NONE);
}

/** All records, as a consumer gets them that begins at the start. */
async function consume(client: WireClient): Promise<string[]> {
  const found: string[] = [];
  for (let fetchOffset = 0n;;) {
    const { responses } = await client.call(FetchRequest, FetchResponse, 12, {
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1 << 20,
      topics: [{ topic: "t", partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1 << 20 }] }],
    });
    const { records, highWatermark, errorCode } = responses[0]?.partitions[0] ?? assert.fail("no answer");
    assert.equal(errorCode, ErrorCode.NONE);
    for (const header of recordBatches(records ?? new Uint8Array())) {
      for (const { offset, key, value } of decodeRecords(records ?? new Uint8Array(), header.at)) {
        if (offset >= fetchOffset) {
          found.push(
            `${offset}:${text.decode(key ?? bytes.encode(""))}=${text.decode(value ?? bytes.encode(""))}`,
          );
        }
      }
      fetchOffset = header.baseOffset + BigInt(header.lastOffsetDelta) + 1n;
    }
    if (fetchOffset >= highWatermark) return found;
  }
}

Deno.test("Broker compacts a topic while it serves it, and gives a consumer what is left, also after a restart", async () => {
  const data = await Deno.makeTempDir();
  try {
    const options = {
      data,
      config: { cleanerBackoffMs: 5 },
      topics: [{
        name: "t",
        configs: {
          "cleanup.policy": "compact",
          "min.cleanable.dirty.ratio": "0",
          "internal.segment.bytes": "1000",
        },
      }],
    };
    let left: string[] = [];
    {
      await using broker = await startBroker(options);
      using client = await WireClient.connect(broker.address);
      for (let i = 0; i < 200; i++) await produce(client, `${i % 3}`, `value ${i}`);
      const deadline = performance.now() + DEADLINE_MS;
      do {
        assert.ok(performance.now() < deadline, `${left.length} records are left`);
        left = await consume(client);
        // What is not compacted yet is in the newest segment, or was appended since.
      } while (left.length > 30);
      for (const [i, last] of left.slice(-3).entries()) {
        assert.equal(last, `${197 + i}:${(197 + i) % 3}=value ${197 + i}`);
      }
    }
    await using broker = await startBroker({ ...options, config: { cleanerBackoffMs: 1_000_000 } });
    using client = await WireClient.connect(broker.address);
    const again = await consume(client);
    assert.ok(again.length <= left.length);
    assert.deepEqual(again.slice(-3), left.slice(-3));
    await produce(client, "x", "y");
    assert.equal((await consume(client)).at(-1), "200:x=y");
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});
