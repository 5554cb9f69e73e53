import assert from "node:assert/strict";
import { KafkaError } from "../../src/base/errors.ts";
import { Admin } from "../../src/kafka/admin.ts";
import { PartitionReader } from "../../src/kafka/partition_reader.ts";
import { type DeliveryReport, Producer } from "../../src/kafka/producer.ts";
import type { ConsumedRecord } from "../../src/kafka/record.ts";
import type { KafkaSettings } from "../../src/kafka/settings.ts";
import { brokerKind, testBroker, uniqueName } from "../support/broker.ts";
import { API, failProduce, FaultProxy } from "../support/fault_proxy.ts";
import { plainSettings, until } from "../support/kafka_settings.ts";

/** The proxy stands before one node. */
const isCluster = brokerKind() === "apache-3";
const MESSAGE_MAX_BYTES = 1_048_588;

async function createTopic(settings: KafkaSettings, numPartitions = 1, config: Record<string, string> = {}) {
  const topic = uniqueName("producer");
  await using admin = await Admin.connect(settings);
  await admin.createTopics([{ topic, numPartitions, config }]);
  return topic;
}

/** All records of a topic, once there are `count`. */
async function readAll(settings: KafkaSettings, topic: string, count: number): Promise<ConsumedRecord[]> {
  const read: ConsumedRecord[] = [];
  await using _reader = await PartitionReader.start(settings, {
    topic,
    from: "earliest",
    onRecords: (records) => void read.push(...records),
  });
  await until(() => read.length >= count);
  return read;
}

function coded(code: string, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof KafkaError, Deno.inspect(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.ok(!error.message.includes("\n"));
    return true;
  };
}

Deno.test("Producer.send() resolves with the delivery report, and the record is read as it was sent", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using producer = await Producer.connect(settings);
  const sent = [
    {
      key: "k",
      value: { b: 1, a: "č" },
      headers: { h: "v", raw: new Uint8Array([0, 255]) },
      timestamp: 1_700_000_000_000,
    },
    { key: null, value: "☕ žluť 🐢" },
    { key: { id: 1 }, value: new Uint8Array([1, 2, 3]) },
    { value: "" },
    { key: "gone", value: null },
  ];
  const reports: DeliveryReport[] = [];
  for (const record of sent) reports.push(await producer.send({ topic, ...record }));
  assert.deepEqual(
    reports.map(({ topic: t, partition, offset }) => [t, partition, offset]),
    sent.map((_, i) => [topic, 0, BigInt(i)]),
  );
  assert.equal(reports[0]?.timestamp, 1_700_000_000_000);

  const read = await readAll(settings, topic, sent.length);
  const text = (bytes: Uint8Array | null) => bytes === null ? null : new TextDecoder().decode(bytes);
  assert.deepEqual(read.map(({ key, value }) => [text(key), text(value)]), [
    ["k", '{"a":"č","b":1}'],
    [null, "☕ žluť 🐢"],
    ['{"id":1}', "\x01\x02\x03"],
    [null, ""],
    ["gone", null],
  ]);
  assert.deepEqual(read[0]?.headers.raw, new Uint8Array([0, 255]));
  assert.equal(text(read[0]?.headers.h ?? null), "v");
});

Deno.test("Producer.send() keeps the order of a partition, and finds a key's partition as Java does", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings, 3);
  await using producer = await Producer.connect(settings);
  const COUNT = 3_000;
  const reports = await Promise.all(
    Array.from({ length: COUNT }, (_, i) => producer.send({ topic, key: `key ${i % 10}`, value: String(i) })),
  );
  const partitionsOfKey = new Map<number, Set<number>>();
  reports.forEach(({ partition }, i) => {
    partitionsOfKey.set(i % 10, (partitionsOfKey.get(i % 10) ?? new Set()).add(partition));
  });
  assert.ok([...partitionsOfKey.values()].every(({ size }) => size === 1));
  const read = await readAll(settings, topic, COUNT);
  for (const partition of [0, 1, 2]) {
    const numbers = read.filter((record) => record.partition === partition).map((record) =>
      Number(record.text())
    );
    assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
  }
  assert.equal(new Set(read.map((record) => record.text())).size, COUNT);
});

Deno.test("Producer.send() refuses types that cannot be sent, and goes on", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using producer = await Producer.connect(settings);
  // As from a program without types.
  const wrong = new Map() as unknown as string;
  await assert.rejects(producer.send({ topic, value: wrong }), {
    name: "TypeError",
    message: /value of type Map/,
  });
  await assert.rejects(producer.send({ topic, value: "x", key: wrong }), {
    name: "TypeError",
    message: /key of type Map/,
  });
  assert.equal((await producer.send({ topic, value: "fine" })).offset, 0n);
});

Deno.test("Producer.send() takes a record of exactly the limit, and refuses one of a byte more", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using producer = await Producer.connect(settings);
  /** The limit is of the whole batch: its head, and what a record has around its value. */
  const largest = await largestValue(producer, topic);
  const { offset } = await producer.send({ topic, value: "x".repeat(largest) });
  await assert.rejects(
    producer.send({ topic, value: "x".repeat(largest + 1) }),
    coded(
      "MESSAGE_TOO_LARGE",
      /^Cannot produce to .*: the record of \d+ bytes is larger than the limit of \d+$/,
    ),
  );
  const read = await readAll(settings, topic, Number(offset) + 1);
  assert.equal(read.at(-1)?.value?.length, largest);
});

/** Found by halving, without sending much: a record over the limit is refused before it is accepted. */
async function largestValue(producer: Producer, topic: string): Promise<number> {
  let fits = MESSAGE_MAX_BYTES - 200;
  for (let step = 128; step >= 1; step /= 2) {
    const isTaken = await producer.send({ topic, value: "x".repeat(fits + step) }).then(
      () => true,
      () => false,
    );
    if (isTaken) fits += step;
  }
  return fits;
}

Deno.test("Producer.send() fails only the record that its topic finds too large, not those that left with it", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings, 1, { "max.message.bytes": "2000" });
  await using producer = await Producer.connect(settings);
  const results = await Promise.allSettled(
    Array.from(
      { length: 50 },
      (_, i) => producer.send({ topic, value: i === 17 ? "x".repeat(5_000) : `record ${i}` }),
    ),
  );
  const failed = results.flatMap((result, i) =>
    result.status === "rejected" ? [{ i, error: result.reason }] : []
  );
  assert.deepEqual(failed.map(({ i }) => i), [17]);
  coded("MESSAGE_TOO_LARGE", /\/0: the record of \d+ bytes is larger than the topic takes$/)(
    failed[0]?.error,
  );
  const read = await readAll(settings, topic, 49);
  assert.deepEqual(
    read.map((record) => record.text()),
    Array.from({ length: 50 }, (_, i) => `record ${i}`).filter((_, i) => i !== 17),
  );
});

Deno.test("Producer.send() tells of a topic or partition that does not exist, and creates none", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using producer = await Producer.connect(settings);
  const unknown = uniqueName("unknown");
  const lost = producer.send({ topic: unknown, value: "x" });
  const kept = producer.send({ topic, value: "x" });
  await assert.rejects(
    lost,
    coded("UNKNOWN_TOPIC_OR_PARTITION", /^Cannot produce to unknown-\w+: the topic does not exist$/),
  );
  assert.equal((await kept).offset, 0n);
  await assert.rejects(
    producer.send({ topic, partition: 1, value: "x" }),
    coded("UNKNOWN_TOPIC_OR_PARTITION", /1 partition\(s\)/),
  );
  await using admin = await Admin.connect(settings);
  assert.ok(!(await admin.listTopics()).includes(unknown));
});

Deno.test("Producer.connect() tells of brokers that cannot be reached", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await assert.rejects(
    Producer.connect(plainSettings(`127.0.0.1:${port}`)),
    coded(
      "NETWORK_EXCEPTION",
      new RegExp(`^Cannot connect to Kafka at 127.0.0.1:${port}: connection refused$`),
    ),
  );
  await assert.rejects(
    Producer.connect(plainSettings(`127.0.0.1:${port}`, `localhost:${port}`)),
    coded(
      "NETWORK_EXCEPTION",
      /^Cannot reach any Kafka broker of 127.0.0.1:\d+, localhost:\d+: .*connection refused$/,
    ),
  );
});

Deno.test("Producer.connect() uses the second server when the first is away", async () => {
  await using broker = await testBroker();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  const settings = plainSettings(`127.0.0.1:${listener.addr.port}`, ...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using producer = await Producer.connect(settings);
  assert.equal((await producer.send({ topic, value: "x" })).offset, 0n);
});

Deno.test("Producer.flush() waits for all that is out, and close() flushes", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  const producer = await Producer.connect(settings);
  let delivered = 0;
  for (let i = 0; i < 500; i++) producer.send({ topic, value: "x" }).then(() => delivered++);
  await producer.flush();
  assert.equal(delivered, 500);
  for (let i = 0; i < 500; i++) producer.send({ topic, value: "x" }).then(() => delivered++);
  await producer.close();
  assert.equal(delivered, 1_000);
  await assert.rejects(
    producer.send({ topic, value: "x" }),
    coded("NETWORK_EXCEPTION", /the producer is closed$/),
  );
});

Deno.test("Producer.send() and flush() can be given up; what was sent is delivered, and nothing is sent afterwards", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using producer = await Producer.connect(settings);
  const stop = new AbortController();
  const waits = [producer.send({ topic, value: "sent" }, stop.signal), producer.flush(stop.signal)];
  stop.abort(new Error("no more"));
  for (const wait of waits) await assert.rejects(wait, { message: "no more" });
  await assert.rejects(producer.send({ topic, value: "not sent" }, stop.signal), { message: "no more" });
  await producer.flush();
  assert.equal((await producer.send({ topic, value: "next" })).offset, 1n);
});

Deno.test("Producer.send() waits while as much is queued as is allowed, and loses nothing", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using producer = await Producer.connect(settings, { maxQueuedBytes: 10_000 });
  const reports = await Promise.all(
    Array.from({ length: 300 }, (_, i) => producer.send({ topic, value: `${i} ${"x".repeat(900)}` })),
  );
  assert.deepEqual(reports.map(({ offset }) => offset), reports.map((_, i) => BigInt(i)));
});

Deno.test({
  name:
    "Producer.send() loses nothing and writes nothing twice when acknowledgements are lost and the broker goes away",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    const settings = plainSettings(proxy.address);
    const topic = await createTopic(settings);
    await using producer = await Producer.connect(settings);
    let answers = 0;
    // Every fifth acknowledgement is lost with its connection: the broker has the records, we do not know.
    proxy.onResponse = (apiKey) => apiKey === API.produce && ++answers % 5 === 3 ? "cut" : "pass";
    const COUNT = 400;
    const sending = Array.from({ length: COUNT }, async (_, i) => {
      await until(() => answers >= i / 20);
      return await producer.send({ topic, value: String(i) });
    });
    await until(() => answers > 4);
    proxy.goAway();
    await new Promise((resolve) => setTimeout(resolve, 200));
    proxy.comeBack();
    const reports = await Promise.all(sending);
    proxy.onResponse = () => "pass";
    const read = await readAll(plainSettings(...broker.bootstrapServers), topic, COUNT);
    assert.equal(read.length, COUNT);
    assert.deepEqual(new Set(read.map((record) => record.text())).size, COUNT);
    for (const [i, { offset }] of reports.entries()) {
      if (offset >= 0n) assert.equal(read[Number(offset)]?.text(), String(i));
    }
  },
});

Deno.test({
  name:
    "Producer.send() takes a duplicate for delivered, and goes on under a new producer id when its sequence is lost",
  ignore: isCluster,
  async fn() {
    const DUPLICATE_SEQUENCE_NUMBER = 46;
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    const settings = plainSettings(proxy.address);
    const topic = await createTopic(settings);
    await using producer = await Producer.connect(settings);
    const sendWith = async (errorCode: number, value: string) => {
      let isFirst = true;
      proxy.onResponse = (apiKey, frame) => {
        if (apiKey === API.produce && isFirst) {
          isFirst = false;
          failProduce(frame, errorCode);
        }
        return "pass";
      };
      return await producer.send({ topic, value });
    };
    await producer.send({ topic, value: "first" });
    assert.equal((await sendWith(DUPLICATE_SEQUENCE_NUMBER, "duplicate")).offset, -1n);
    for (const errorCode of [45, 47, 59]) await sendWith(errorCode, `after ${errorCode}`);
    proxy.onResponse = () => "pass";
    const last = await producer.send({ topic, value: "last" });
    // The answers were changed on their way, so what they denied had been written: it is there twice.
    const read = await readAll(settings, topic, Number(last.offset) + 1);
    assert.deepEqual(read.map((record) => record.text()), [
      "first",
      "duplicate",
      ...[45, 47, 59].flatMap((code) => [`after ${code}`, `after ${code}`]),
      "last",
    ]);
  },
});

Deno.test({
  name: "Producer.send() gives up at its delivery timeout, clearly, and the next record is delivered once",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    const settings = plainSettings(proxy.address);
    const topic = await createTopic(settings);
    await using producer = await Producer.connect(settings);
    await producer.send({ topic, value: "first" });
    proxy.goAway();
    await assert.rejects(
      producer.send({ topic, value: "lost", deliveryTimeoutMs: 300 }),
      coded(
        "REQUEST_TIMED_OUT",
        /^Cannot produce to .*\/0: the delivery time has passed; .*connection refused$/,
      ),
    );
    proxy.comeBack();
    assert.equal((await producer.send({ topic, value: "next" })).offset, 1n);
  },
});

Deno.test({
  name: "Producer.send() refuses what comes when 100,000 records wait for room, and settles the others",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    const settings = plainSettings(proxy.address);
    const topic = await createTopic(settings);
    const producer = await Producer.connect(settings, { maxQueuedBytes: 1 });
    proxy.onRequest = (apiKey) => apiKey === API.produce ? "drop" : "pass";
    let failed = 0;
    const COUNT = 100_001;
    for (let i = 0; i < COUNT; i++) producer.send({ topic, value: "x" }).catch(() => failed++);
    await assert.rejects(
      producer.send({ topic, value: "one more" }),
      (error) => error instanceof KafkaError && error.code === "THROTTLING_QUOTA_EXCEEDED",
    );
    producer.abort();
    await producer.flush();
    await until(() => failed === COUNT);
  },
});
