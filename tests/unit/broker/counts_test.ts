import assert from "node:assert/strict";
import { DEFAULT_CONFIG } from "../../../src/broker/config.ts";
import { countsOf } from "../../../src/broker/counts.ts";
import { produce } from "../../../src/broker/handlers/00_produce.ts";
import { fetch } from "../../../src/broker/handlers/01_fetch.ts";
import { DEFAULT_LIMITS } from "../../../src/broker/limits.ts";
import { BrokerState } from "../../../src/broker/state/broker_state.ts";
import { MemoryStorage } from "../../../src/broker/state/memory_storage.ts";
import { startBroker } from "../../../src/testing.ts";
import { ProduceRequest, ProduceResponse } from "../../../src/wire/messages/00_produce.ts";
import { FetchRequest, FetchResponse } from "../../../src/wire/messages/01_fetch.ts";
import { ask } from "../../support/ask_handler.ts";
import { batchOf } from "../../support/batches.ts";
import { FakeClock } from "../../support/fake_clock.ts";

Deno.test("countsOf() tells of the largest topics by name, and of all others as one", async () => {
  const names = Array.from({ length: 130 }, (_, i) => `t${i}`);
  await using broker = await startBroker({ topics: names.map((name) => ({ name })) });
  const { topics, topicsCount, partitionsCount } = broker.counts();
  assert.equal(topics.length, 101);
  assert.deepEqual(topics.at(-1), { topic: undefined, partitionsCount: 30, sizeBytes: 0 });
  assert.deepEqual([topicsCount, partitionsCount], [130, 130]);
});

Deno.test("countsOf() tells how long requests took by API, a fetch with its waiting", async () => {
  const clock = new FakeClock();
  const [storage, limits] = [new MemoryStorage(), DEFAULT_LIMITS];
  using state = new BrokerState({ storage, clusterId: "c", config: DEFAULT_CONFIG, limits, clock });
  state.open();
  state.topics.create("t", 1, new Map());
  const topics = [{ topic: "t", partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1_000 }] }];
  const wanted = { maxWaitMs: 300, minBytes: 1, maxBytes: 1_000, topics };
  const fetched = ask(state, fetch, [FetchRequest, FetchResponse], 4, wanted);
  assert.deepEqual(countsOf(state).durations.map(({ api }) => api), []);
  clock.advance(300);
  await fetched;
  const partitionData = [{ index: 0, records: batchOf(["a"]) }];
  await ask(state, produce, [ProduceRequest, ProduceResponse], 9, {
    transactionalId: null,
    acks: 1,
    timeoutMs: 1_000,
    topicData: [{ name: "t", partitionData }],
  });
  assert.deepEqual(countsOf(state).durations.map(({ api, sumMs }) => [api, sumMs]), [
    ["Fetch", 300],
    ["Produce", 0],
  ]);
});
