import assert from "node:assert/strict";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import { type Broker, type BrokerOptions, startBroker } from "../../src/testing.ts";

const SESSION_TIMEOUT_MS = 10_000;

function kafka(broker: Broker): Kafka {
  return new Kafka({ clientId: "test", brokers: [broker.address], logLevel: logLevel.NOTHING });
}

function producerOf(client: Kafka) {
  return client.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
}

/** Consumes until so many messages came. @returns partition:offset:value of each, and what ends the consumer */
async function consume(client: Kafka, groupId: string, topic: string, count: number) {
  const consumer = client.consumer({ groupId, sessionTimeout: SESSION_TIMEOUT_MS, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const messages: string[] = [];
  const { promise: all, resolve } = Promise.withResolvers<void>();
  if (count === 0) resolve();
  await consumer.run({
    eachMessage: ({ partition, message }) => {
      messages.push(`${partition}:${message.offset}:${message.value}`);
      if (messages.length === count) resolve();
      return Promise.resolve();
    },
  });
  await all;
  return { messages, stop: () => consumer.disconnect() };
}

/** In memory, and in a folder. */
function test(name: string, run: (options: BrokerOptions) => Promise<void>): void {
  Deno.test(`${name}, in memory`, () => run({}));
  Deno.test(`${name}, in a folder`, async () => {
    const data = await Deno.makeTempDir();
    try {
      await run({ data });
    } finally {
      await Deno.remove(data, { recursive: true });
    }
  });
}

test("kafkajs makes topics, produces, and consumes in a group", async (options) => {
  await using broker = await startBroker(options);
  const client = kafka(broker);
  const admin = client.admin();
  await admin.connect();
  assert.equal(
    await admin.createTopics({ topics: [{ topic: "orders", numPartitions: 3 }], waitForLeaders: true }),
    true,
  );
  const producer = producerOf(client);
  await producer.connect();
  const messages = Array.from({ length: 300 }, (_, i) => ({ key: `k${i}`, value: `v${i}` }));
  for (let i = 0; i < 300; i += 50) {
    await producer.send({ topic: "orders", messages: messages.slice(i, i + 50) });
  }
  const first = await consume(client, "g", "orders", 300);
  assert.deepEqual(
    first.messages.map((message) => message.split(":")[2]).sort(),
    messages.map(({ value }) => value).sort(),
  );
  const { groups } = await admin.describeGroups(["g"]);
  assert.equal(groups[0]?.state, "Stable");
  assert.equal(groups[0]?.members.length, 1);
  await first.stop();
  // What was committed is not read again.
  await producer.send({ topic: "orders", messages: [{ value: "last" }] });
  const second = await consume(client, "g", "orders", 1);
  assert.equal(second.messages[0]?.split(":")[2], "last");
  await second.stop();
  assert.deepEqual(await admin.deleteGroups(["g"]), [{ groupId: "g", errorCode: 0 }]);
  await admin.deleteTopics({ topics: ["orders"] });
  assert.deepEqual(await admin.listTopics(), []);
  await producer.disconnect();
  await admin.disconnect();
});

test("kafkajs shares a topic among the members of a group, and takes over when one goes", async (options) => {
  await using broker = await startBroker({ ...options, topics: [{ name: "orders", partitions: 4 }] });
  const client = kafka(broker);
  const assigned = new Map<string, number[]>();
  const watchers = new Set<() => void>();
  const join = async (name: string) => {
    const consumer = client.consumer({
      groupId: "g",
      sessionTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: 100,
      maxWaitTimeInMs: 100,
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      assigned.set(name, payload.memberAssignment["orders"] ?? []);
      for (const look of watchers) look();
    });
    await consumer.connect();
    await consumer.subscribe({ topic: "orders" });
    await consumer.run({ eachMessage: () => Promise.resolve() });
    return consumer;
  };
  const until = (isSo: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (isSo()) resolve();
      };
      watchers.add(look);
      look();
    });
  const count = (name: string) => assigned.get(name)?.length ?? 0;
  const one = await join("one");
  await until(() => count("one") === 4);
  const two = await join("two");
  await until(() => count("one") === 2 && count("two") === 2);
  await one.disconnect();
  await until(() => count("two") === 4);
  await two.disconnect();
});

test("kafkajs reads what gzip packed, headers, null values and empty ones", async (options) => {
  await using broker = await startBroker({ ...options, topics: [{ name: "t" }] });
  const client = kafka(broker);
  const producer = producerOf(client);
  await producer.connect();
  await producer.send({
    topic: "t",
    compression: 1,
    messages: [{ key: "k", value: null, headers: { h: "ü" } }, { value: "" }, { value: "x".repeat(100_000) }],
  });
  const { messages, stop } = await consume(client, "g", "t", 3);
  assert.deepEqual(messages.map((message) => message.length), [
    "0:0:null".length,
    "0:1:".length,
    "0:2:".length + 100_000,
  ]);
  await stop();
  await producer.disconnect();
});

Deno.test("kafkajs is told that a message is too large", async () => {
  await using broker = await startBroker({
    topics: [{ name: "t", configs: { "max.message.bytes": "1000" } }],
  });
  const client = kafka(broker);
  const producer = producerOf(client);
  await producer.connect();
  const send = (size: number) => producer.send({ topic: "t", messages: [{ value: "x".repeat(size) }] });
  await assert.rejects(send(1_000), { type: "MESSAGE_TOO_LARGE" });
  await send(800);
  await producer.disconnect();
});
