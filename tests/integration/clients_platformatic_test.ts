/** @platformatic/kafka, which shares no code with kafkajs, does real work on the broker. */
import assert from "node:assert/strict";
import {
  Admin,
  Consumer,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
} from "@platformatic/kafka";
import { sleep } from "../../src/base/stop.ts";
import { testBroker, uniqueName } from "../support/broker.ts";

const COMPRESSIONS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

/** Its clients on a broker, and a topic. All is closed when it is disposed. */
async function setUp(partitions = 1) {
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(await testBroker());
  const bootstrapBrokers = broker.bootstrapServers;
  const topic = uniqueName("platformatic");
  const admin = new Admin({ clientId: "admin", bootstrapBrokers });
  stack.defer(() => admin.close());
  const producer = (options = {}) => {
    const client = new Producer({
      clientId: "producer",
      bootstrapBrokers,
      serializers: stringSerializers,
      ...options,
    });
    owned.defer(() => client.close(true));
    return client;
  };
  const consumer = (options = {}) => {
    const client = new Consumer({
      clientId: "consumer",
      bootstrapBrokers,
      groupId: topic,
      deserializers: stringDeserializers,
      ...options,
    });
    owned.defer(() => client.close(true));
    return client;
  };
  /** So many values from the beginning. */
  const read = async (client: ReturnType<typeof consumer>, count: number) => {
    const stream = await client.consume({
      topics: [topic],
      mode: MessagesStreamModes.EARLIEST,
      autocommit: true,
      sessionTimeout: 10_000,
      heartbeatInterval: 500,
      maxWaitTime: 200,
    });
    const values: string[] = [];
    for await (const message of stream) if (values.push(message.value ?? "") >= count) break;
    return values;
  };
  const owned = stack.use(new AsyncDisposableStack());
  await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
  const running = stack.move();
  return { topic, admin, producer, consumer, read, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

Deno.test("@platformatic/kafka produces with each compression, and consumes in a group", async () => {
  await using test = await setUp(3);
  for (const compression of COMPRESSIONS) {
    const messages = Array.from({ length: 5 }, (_, i) => ({
      topic: test.topic,
      key: String(i),
      value: `${compression} ${i}`,
      headers: { from: "tony" },
    }));
    // Idempotent: else what it sends again to a partition that has no leader yet may be there twice.
    await test.producer({ idempotent: true }).send({ messages, compression });
  }
  const values = await test.read(test.consumer(), 5 * COMPRESSIONS.length);
  const expected = COMPRESSIONS.flatMap((compression) => [0, 1, 2, 3, 4].map((i) => `${compression} ${i}`));
  assert.deepEqual(values.toSorted(), expected.toSorted());
});

Deno.test("@platformatic/kafka commits and aborts transactions", async () => {
  await using test = await setUp();
  const producer = test.producer({ idempotent: true, transactionalId: test.topic });
  for (const value of ["kept", "aborted", "kept too"]) {
    const transaction = await producer.beginTransaction();
    await transaction.send({ messages: [{ topic: test.topic, key: "k", value }] });
    await (value === "aborted" ? transaction.abort() : transaction.commit());
  }
  assert.deepEqual(await test.read(test.consumer({ isolationLevel: 1 }), 2), ["kept", "kept too"]);
});

Deno.test("@platformatic/kafka manages topics and groups", async () => {
  await using test = await setUp();
  const { topic, admin } = test;
  await untilListed(admin, topic, true);
  await admin.createPartitions({ topics: [{ name: topic, count: 2, assignments: [{ brokerIds: [1] }] }] });
  await test.producer().send({ messages: [{ topic, value: "a" }] });
  await test.read(test.consumer(), 1);
  assert.ok((await admin.listGroups()).has(topic));
  assert.equal((await admin.describeGroups({ groups: [topic] })).get(topic)?.protocolType, "consumer");
  await admin.deleteTopics({ topics: [topic] });
  await untilListed(admin, topic, false);
});

/** A node hears of what was made or deleted a little later; not at all within five seconds is a failure. */
async function untilListed(admin: Admin, topic: string, isListed: boolean): Promise<void> {
  const deadline = AbortSignal.timeout(5_000);
  while ((await admin.listTopics()).includes(topic) !== isListed) await sleep(10, deadline);
}
