import assert from "node:assert/strict";
import { KafkaError } from "../../src/base/errors.ts";
import { Admin } from "../../src/kafka/admin.ts";
import { PartitionReader, type PartitionReaderOptions } from "../../src/kafka/partition_reader.ts";
import { Producer } from "../../src/kafka/producer.ts";
import type { ConsumedRecord } from "../../src/kafka/record.ts";
import type { KafkaSettings } from "../../src/kafka/settings.ts";
import { brokerKind, testBroker, uniqueName } from "../support/broker.ts";
import { API, FaultProxy } from "../support/fault_proxy.ts";
import { plainSettings, until } from "../support/kafka_settings.ts";

const isCluster = brokerKind() === "apache-3";

async function createTopic(settings: KafkaSettings, numPartitions = 1) {
  const topic = uniqueName("reader");
  await using admin = await Admin.connect(settings);
  await admin.createTopics([{ topic, numPartitions }]);
  return topic;
}

function read(
  settings: KafkaSettings,
  topic: string,
  into: string[],
  options: Partial<PartitionReaderOptions> = {},
) {
  return PartitionReader.start(settings, {
    topic,
    from: "earliest",
    onRecords: (records: ConsumedRecord[]) => void into.push(...records.map((record) => record.text())),
    ...options,
  });
}

Deno.test("PartitionReader.start() begins at either end, at an offset, and at a time", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using producer = await Producer.connect(settings);
  for (let i = 0; i < 5; i++) {
    await producer.send({ topic, value: `${i}`, timestamp: 1_700_000_000_000 + i * 1_000 });
  }
  const from = {
    earliest: "earliest",
    latest: "latest",
    offset: 3n,
    time: new Date(1_700_000_001_500),
    future: new Date(1_900_000_000_000),
  } as const;
  const results: Record<string, string[]> = {};
  await using readers = new AsyncDisposableStack();
  for (const [name, place] of Object.entries(from)) {
    readers.use(await read(settings, topic, results[name] = [], { from: place }));
  }
  await producer.send({ topic, value: "last" });
  await until(() => Object.values(results).every((values) => values.includes("last")));
  assert.deepEqual(results, {
    earliest: ["0", "1", "2", "3", "4", "last"],
    latest: ["last"],
    offset: ["3", "4", "last"],
    time: ["2", "3", "4", "last"],
    future: ["last"],
  });
});

Deno.test("PartitionReader reads the partitions asked for, or all of them", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings, 3);
  await using producer = await Producer.connect(settings);
  const [one, all]: [string[], string[]] = [[], []];
  await using _one = await read(settings, topic, one, { partitions: [1] });
  await using reader = await read(settings, topic, all);
  for (const partition of [0, 1, 2]) await producer.send({ topic, partition, value: `in ${partition}` });
  await until(() => all.length === 3 && one.length === 1);
  assert.deepEqual(one, ["in 1"]);
  assert.deepEqual(all.sort(), ["in 0", "in 1", "in 2"]);
  assert.deepEqual(reader.positions().map(({ partition, offset }) => [partition, offset]), [
    [0, 1n],
    [1, 1n],
    [2, 1n],
  ]);
});

Deno.test("PartitionReader holds back while its handler is busy, and loses nothing", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using producer = await Producer.connect(settings);
  const values: string[] = [];
  let isBusy = false;
  await using _reader = await read(settings, topic, [], {
    onRecords: async (records) => {
      assert.ok(!isBusy, "called while it was busy");
      isBusy = true;
      await new Promise((resolve) => setTimeout(resolve, 5));
      values.push(...records.map((record) => record.text()));
      isBusy = false;
    },
  });
  const sent = Array.from({ length: 30 }, (_, i) => `${i}`);
  for (const value of sent) await producer.send({ topic, value });
  await until(() => values.length === sent.length);
  assert.deepEqual(values, sent);
});

Deno.test("PartitionReader.close() ends at once though a poll waits at the broker", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  const reader = await read(settings, topic, [], { from: "latest" });
  const stop = new AbortController();
  const aborted = await read(settings, topic, [], { from: "latest", signal: stop.signal });
  stop.abort();
  await reader.close();
  await aborted.close();
});

Deno.test("PartitionReader.start() tells of a topic that does not exist, in its time", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  await assert.rejects(
    read(settings, uniqueName("unknown"), [], { startTimeoutMs: 200 }),
    (error) => error instanceof KafkaError && error.code === "UNKNOWN_TOPIC_OR_PARTITION",
  );
});

Deno.test("PartitionReader goes on where the log begins when its offset is out of range", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using producer = await Producer.connect(settings);
  await producer.send({ topic, value: "first" });
  const values: string[] = [];
  const faults: string[] = [];
  await using _reader = await read(settings, topic, values, {
    from: 1_000n,
    onFault: ({ code }) => faults.push(code),
  });
  await until(() => values.length === 1);
  assert.deepEqual([values, faults], [["first"], ["OFFSET_OUT_OF_RANGE"]]);
});

Deno.test({
  name: "PartitionReader reads each record once, in order, while connections break and the broker is away",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    const direct = plainSettings(...broker.bootstrapServers);
    const topic = await createTopic(direct);
    await using producer = await Producer.connect(direct);
    const values: string[] = [];
    await using _reader = await read(plainSettings(proxy.address), topic, values);
    let answers = 0;
    proxy.onResponse = (apiKey) => apiKey === API.fetch && ++answers % 3 === 0 ? "cut" : "pass";
    const sent = Array.from({ length: 300 }, (_, i) => `${i}`);
    for (const [i, value] of sent.entries()) {
      await producer.send({ topic, value });
      if (i === 150) proxy.goAway();
      if (i === 200) proxy.comeBack();
    }
    await until(() => values.length >= sent.length);
    assert.deepEqual(values, sent);
  },
});

Deno.test({
  name: "PartitionReader does not take corrupt bytes for records",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    const direct = plainSettings(...broker.bootstrapServers);
    const topic = await createTopic(direct);
    await using producer = await Producer.connect(direct);
    await producer.send({ topic, value: "first" });
    let isCorrupted = false;
    proxy.onResponse = (apiKey, frame) => {
      if (apiKey === API.fetch && !isCorrupted && frame.length > 100) {
        isCorrupted = true;
        const last = frame.length - 2;
        frame[last] = (frame[last] ?? 0) ^ 1;
      }
      return "pass";
    };
    const values: string[] = [];
    const faults: string[] = [];
    await using _reader = await read(plainSettings(proxy.address), topic, values, {
      onFault: ({ code }) => faults.push(code),
    });
    await until(() => values.length === 1);
    assert.deepEqual([values, faults], [["first"], ["CORRUPT_MESSAGE"]]);
  },
});
