/**
 * What a program hands in may throw: no record is lost or held up by it, and it is seen.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type KafkaError, ReplyError } from "../../src/base/errors.ts";
import { Admin } from "../../src/kafka/admin.ts";
import { GroupConsumer } from "../../src/kafka/consumer.ts";
import { PartitionReader } from "../../src/kafka/partition_reader.ts";
import { Producer } from "../../src/kafka/producer.ts";
import type { KafkaSettings } from "../../src/kafka/settings.ts";
import type { MessageValue } from "../../src/kafka/serialize.ts";
import { Replier } from "../../src/toolkit/replier.ts";
import { Requester } from "../../src/toolkit/requester.ts";
import { brokerKind, testBroker, uniqueName } from "../support/broker.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import { plainSettings, until } from "../support/kafka_settings.ts";
import { CapturedErrors } from "../support/stderr.ts";

const isCluster = brokerKind() === "apache-3";
const TIMEOUT_MS = 10_000;

async function createTopic(settings: KafkaSettings): Promise<string> {
  const topic = uniqueName("callbacks");
  await using admin = await Admin.connect(settings);
  await admin.createTopics([{ topic }]);
  return topic;
}

async function lagOf(settings: KafkaSettings, topic: string): Promise<bigint> {
  await using admin = await Admin.connect(settings);
  return (await admin.groupLag(topic, [topic])).reduce((sum, { lag }) => sum + lag, 0n);
}

function fail(): never {
  throw new TypeError("no such thing");
}

Deno.test("Replier finishes every request of a batch though onEvent throws at each event, and shows it", async () => {
  await using broker = await testBroker();
  using errors = new CapturedErrors();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using producer = await Producer.connect(settings);
  await using requester = await Requester.start({ settings, replyTopic: `${topic}.replies` });
  const replyTo = (replyTopic: string) => ({ kafka_correlationId: "x", kafka_replyTopic: replyTopic });
  // All before the replier is there: they come as one batch.
  await Promise.all([
    producer.send({ topic, value: "too late", headers: { "parley-deadline": "1" } }),
    producer.send({ topic, value: "bad", headers: replyTo(`${topic}.replies`) }),
    producer.send({ topic, value: "fine", headers: replyTo(uniqueName("nowhere")) }),
  ]);
  const asked = requester.request(topic, { value: "fine" }, { timeoutMs: TIMEOUT_MS });
  const told: string[] = [];
  await using replier = await Replier.start({
    settings,
    topic,
    groupId: topic,
    handler: (request) => request.text() === "bad" ? fail() : "done",
    onEvent: ({ type }) => {
      told.push(type);
      fail();
    },
  });
  assert.equal((await asked).text(), "done");
  await until(() => replier.stats().undeliverable === 1);
  await until(async () => await lagOf(settings, topic) === 0n);
  for (const type of ["assigned", "expired", "failed", "undeliverable"]) assert.ok(told.includes(type), type);
  assert.deepEqual(errors.shown, told.map(() => "The listener 'onEvent' failed: no such thing"));
});

Deno.test({
  name: "Replier goes on after an outage though onEvent throws when it is told of it",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    using _errors = new CapturedErrors();
    const settings = plainSettings(...broker.bootstrapServers);
    const topic = await createTopic(settings);
    const told: string[] = [];
    await using _replier = await Replier.start({
      settings: plainSettings(proxy.address),
      topic,
      groupId: topic,
      handler: () => "done",
      onEvent: ({ type }) => {
        told.push(type);
        fail();
      },
    });
    await using requester = await Requester.start({ settings, replyTopic: `${topic}.replies` });
    proxy.goAway();
    await until(() => told.includes("down"));
    proxy.comeBack();
    await until(() => told.includes("up"));
    const reply = await requester.request(topic, { value: "x" }, { timeoutMs: TIMEOUT_MS });
    assert.equal(reply.text(), "done");
  },
});

Deno.test("Replier answers with an error whatever its handler throws, or returns that cannot be sent", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  const unsendable = { type: "about:blank", title: "Bad", of: 1n };
  const hostile: Record<string, () => MessageValue | Promise<MessageValue>> = {
    sync: fail,
    async: () => Promise.reject(new RangeError("later")),
    nothing: () => Promise.reject(undefined),
    object: () => Promise.reject(Object.create(null)),
    cycle: () => {
      const cycle: { self?: object } = {};
      return cycle.self = cycle;
    },
    map: () => new Map(),
    json: () => ({ toJSON: fail }),
    getter: () => new Proxy({}, { has: fail }),
    number: () => 5 as unknown as MessageValue,
    large: () => "x".repeat(2_000_000),
    loud: () => {
      throw new Error("x".repeat(2_000));
    },
    problem: () => {
      throw new ReplyError("x", unsendable);
    },
  };
  await using replier = await Replier.start({
    settings,
    topic,
    groupId: topic,
    handler: (request) => hostile[request.text()]?.() ?? null,
  });
  await using requester = await Requester.start({ settings, replyTopic: `${topic}.replies` });
  const names = Object.keys(hostile);
  const ask = (value: string) => requester.request(topic, { value }, { timeoutMs: TIMEOUT_MS });
  await Promise.all(
    names.map((name) =>
      assert.rejects(ask(name), (error) => error instanceof ReplyError && error.problem.status === 500, name)
    ),
  );
  assert.equal((await ask("fine")).text(), "");
  await until(async () => await lagOf(settings, topic) === 0n);
  const { failed, answered, undeliverable } = replier.stats();
  assert.deepEqual([failed, answered, undeliverable], [names.length, 1, 0]);
});

Deno.test("Replier gives up an error reply that its topic does not take, and goes on", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const [topic, narrow] = [await createTopic(settings), uniqueName("narrow")];
  await using admin = await Admin.connect(settings);
  await admin.createTopics([{ topic: narrow, config: { "max.message.bytes": "100" } }]);
  await using producer = await Producer.connect(settings);
  const headers = { kafka_correlationId: "x", kafka_replyTopic: narrow };
  await producer.send({ topic, value: "x", headers });
  await using replier = await Replier.start({
    settings,
    topic,
    groupId: topic,
    handler: () => "x".repeat(200),
  });
  await until(async () => await lagOf(settings, topic) === 0n);
  const { failed, answered, undeliverable } = replier.stats();
  assert.deepEqual([failed, answered, undeliverable], [1, 0, 1]);
});

Deno.test({
  name: "GroupConsumer reads on, before and after an outage, though each of its listeners throws",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    using errors = new CapturedErrors();
    const settings = plainSettings(...broker.bootstrapServers);
    const topic = await createTopic(settings);
    const read: string[] = [];
    await using _consumer = await GroupConsumer.start(plainSettings(proxy.address), {
      groupId: topic,
      topics: [topic],
      from: "earliest",
      onBatch: (records, { done }) => {
        for (const record of records) {
          read.push(record.text());
          done(record);
        }
      },
      onAssigned: fail,
      onReading: fail,
      onCrash: fail,
    });
    await using producer = await Producer.connect(settings);
    await producer.send({ topic, value: "before" });
    await until(() => read.length === 1);
    proxy.goAway();
    await producer.send({ topic, value: "after" });
    await until(() => errors.shown.some((line) => line.includes("'onCrash'")));
    proxy.comeBack();
    await until(() => read.includes("after"));
    await until(async () => await lagOf(settings, topic) === 0n);
    for (const name of ["onAssigned", "onReading", "onCrash"]) {
      assert.ok(errors.shown.includes(`The listener '${name}' failed: no such thing`), name);
    }
  },
});

Deno.test("GroupConsumer gives onBatch what it threw on again, in order, and commits it when it is done", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using producer = await Producer.connect(settings);
  await Promise.all(["0", "1", "2", "3"].map((value) => producer.send({ topic, value })));
  const done: string[] = [];
  const faults: KafkaError[] = [];
  await using _consumer = await GroupConsumer.start(settings, {
    groupId: topic,
    topics: [topic],
    from: "earliest",
    maxUnfinished: 2,
    onBatch: (records, context) => {
      for (const record of records) {
        if (record.text() === "1" && faults.length < 4) fail();
        done.push(record.text());
        context.done(record);
      }
    },
    onCrash: (fault) => faults.push(fault),
  });
  await until(async () => await lagOf(settings, topic) === 0n);
  assert.deepEqual(done, ["0", "1", "2", "3"]);
  assert.deepEqual(
    faults.map(({ message }) => message),
    Array(4).fill("The batch handler failed: no such thing"),
  );
});

Deno.test("GroupConsumer gives onBatch again what was not done when its promise rejected", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using producer = await Producer.connect(settings);
  await Promise.all(["0", "1", "2"].map((value) => producer.send({ topic, value })));
  const done: string[] = [];
  let failures = 0;
  await using _consumer = await GroupConsumer.start(settings, {
    groupId: topic,
    topics: [topic],
    from: "earliest",
    maxUnfinished: 1,
    onBatch: async (records, context) => {
      for (const record of records) {
        await Promise.resolve();
        if (record.text() === "1" && failures < 2) fail();
        done.push(record.text());
        context.done(record);
      }
    },
    onCrash: () => failures++,
  });
  await until(async () => await lagOf(settings, topic) === 0n);
  assert.deepEqual([done.sort(), failures], [["0", "1", "2"], 2]);
});

Deno.test("GroupConsumer.close() ends while onBatch throws, and leaves to others what was not done", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using producer = await Producer.connect(settings);
  await Promise.all(["0", "1"].map((value) => producer.send({ topic, value })));
  const options = { groupId: topic, topics: [topic], from: "earliest" as const };
  let failures = 0;
  const consumer = await GroupConsumer.start(settings, {
    ...options,
    onBatch: ([first], { done }) => {
      if (first?.offset === 0n) done(first);
      fail();
    },
    onCrash: () => failures++,
  });
  await until(() => failures > 1);
  await consumer.close();
  const read: string[] = [];
  await using _other = await GroupConsumer.start(settings, {
    ...options,
    onBatch: (records) => void read.push(...records.map((record) => record.text())),
    stopTimeoutMs: 1,
  });
  await until(() => read.length > 0);
  assert.deepEqual(read, ["1"]);
});

Deno.test({
  name: "Requester reads replies again after an outage though onFault throws when it is told of it",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    using errors = new CapturedErrors();
    const settings = plainSettings(...broker.bootstrapServers);
    const topic = await createTopic(settings);
    await using _replier = await Replier.start({ settings, topic, groupId: topic, handler: () => "done" });
    await using requester = await Requester.start({
      settings: plainSettings(proxy.address),
      replyTopic: `${topic}.replies`,
      onFault: fail,
    });
    proxy.goAway();
    await until(() => errors.shown.length > 1);
    proxy.comeBack();
    const reply = await requester.request(topic, { value: "x" }, { timeoutMs: TIMEOUT_MS });
    assert.equal(reply.text(), "done");
    assert.equal(errors.shown[0], "The listener 'onFault' failed: no such thing");
  },
});

Deno.test("PartitionReader tells onFault what onRecords throws or rejects with, and reads on", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using producer = await Producer.connect(settings);
  const seen: string[] = [];
  const faults: string[] = [];
  await using _reader = await PartitionReader.start(settings, {
    topic,
    from: "earliest",
    onRecords: (records) => {
      seen.push(...records.map((record) => record.text()));
      if (seen.at(-1) === "throws") fail();
      if (seen.at(-1) === "rejects") return Promise.reject(new Error("later"));
    },
    onFault: ({ message }) => faults.push(message),
  });
  for (const value of ["throws", "rejects", "fine"]) {
    await producer.send({ topic, value });
    await until(() => seen.at(-1) === value);
  }
  assert.deepEqual(faults, ["The batch handler failed: no such thing", "The batch handler failed: later"]);
});
