import assert from "node:assert/strict";
import { KafkaError } from "../../src/base/errors.ts";
import { Admin } from "../../src/kafka/admin.ts";
import { Client } from "../../src/kafka/client.ts";
import { type ConsumedRecord, GroupConsumer, type GroupConsumerOptions } from "../../src/kafka/consumer.ts";
import { Fetcher } from "../../src/kafka/fetcher.ts";
import { Producer } from "../../src/kafka/producer.ts";
import type { KafkaSettings } from "../../src/kafka/settings.ts";
import { brokerKind, testBroker, uniqueName } from "../support/broker.ts";
import { API, FaultProxy } from "../support/fault_proxy.ts";
import { plainSettings, until } from "../support/kafka_settings.ts";

const isCluster = brokerKind() === "apache-3";

async function createTopic(settings: KafkaSettings, numPartitions = 1) {
  const topic = uniqueName("consumer");
  await using admin = await Admin.connect(settings);
  await admin.createTopics([{ topic, numPartitions }]);
  return topic;
}

async function produce(settings: KafkaSettings, topic: string, values: readonly string[]) {
  await using producer = await Producer.connect(settings);
  await Promise.all(values.map((value) => producer.send({ topic, value })));
}

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => String(from + i));

/** Consumes into `into`; each record is done at once. */
function collect(
  settings: KafkaSettings,
  topic: string,
  into: ConsumedRecord[],
  options: Partial<GroupConsumerOptions> = {},
) {
  return GroupConsumer.start(settings, {
    groupId: topic,
    topics: [topic],
    from: "earliest",
    onBatch: (records, { done }) => {
      for (const record of records) {
        into.push(record);
        done(record);
      }
    },
    ...options,
  });
}

async function lagOf(settings: KafkaSettings, topic: string): Promise<bigint> {
  await using admin = await Admin.connect(settings);
  return (await admin.groupLag(topic, [topic])).reduce((sum, { lag }) => sum + lag, 0n);
}

Deno.test("GroupConsumer reads everything once, commits what is done, and goes on there", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings, 2);
  await produce(settings, topic, numbers(500));
  const first: ConsumedRecord[] = [];
  {
    await using consumer = await collect(settings, topic, first);
    await until(() => first.length === 500);
    assert.equal(consumer.positions().length, 2);
  }
  assert.equal(await lagOf(settings, topic), 0n);
  await produce(settings, topic, numbers(10, 500));
  const second: ConsumedRecord[] = [];
  await using _consumer = await collect(settings, topic, second);
  await until(() => second.length === 10);
  assert.deepEqual(
    [...first, ...second].map((record) => Number(record.text())).sort((a, b) => a - b),
    numbers(510).map(Number),
  );
});

Deno.test("GroupConsumer commits on a timer, never past a record that is being handled", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await produce(settings, topic, numbers(10));
  const held: (() => void)[] = [];
  await using _consumer = await collect(settings, topic, [], {
    stopTimeoutMs: 100,
    onBatch: (records, { done }) => {
      for (const record of records) {
        if (record.offset === 4n) held.push(() => done(record));
        else done(record);
      }
    },
  });
  await until(async () => await lagOf(settings, topic) === 6n);
  await produce(settings, topic, numbers(5, 10));
  await until(async () => await lagOf(settings, topic) === 11n);
  held.forEach((finish) => finish());
  await until(async () => await lagOf(settings, topic) === 0n);
});

Deno.test("GroupConsumer gives no more records at a time than maxUnfinished", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await produce(settings, topic, numbers(200));
  let unfinished = 0;
  let most = 0;
  const order: string[] = [];
  await using _consumer = await collect(settings, topic, [], {
    maxUnfinished: 7,
    onBatch: async (records, { done }) => {
      most = Math.max(most, unfinished += records.length);
      order.push(...records.map((record) => record.text()));
      for (const record of records) {
        await Promise.resolve();
        unfinished--;
        done(record);
      }
    },
  });
  await until(() => order.length === 200);
  assert.deepEqual(order, numbers(200));
  assert.ok(most <= 7, `${most} at a time`);
});

Deno.test("GroupConsumer delivers again what was not done when it stopped", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await produce(settings, topic, numbers(3));
  let seen = 0;
  const consumer = await collect(settings, topic, [], {
    stopTimeoutMs: 50,
    onBatch: (records, { done }) => {
      seen += records.length;
      for (const record of records) if (record.offset === 0n) done(record);
    },
  });
  await until(() => seen === 3);
  await consumer.close();
  const again: ConsumedRecord[] = [];
  await using _consumer = await collect(settings, topic, again);
  await until(() => again.length === 2);
  assert.deepEqual(again.map(({ offset }) => offset), [1n, 2n]);
});

Deno.test("GroupConsumer survives a handler that throws SyntaxErrors and TypeErrors", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  const seen: string[] = [];
  const faults: KafkaError[] = [];
  await using _consumer = await collect(settings, topic, [], {
    stopTimeoutMs: 50,
    onCrash: (fault) => faults.push(fault),
    onBatch: (records, { done }) => {
      for (const record of records) {
        seen.push(record.text());
        done(record);
        if (record.text() === "bad") JSON.parse("{");
        if (record.text() === "worse") throw new TypeError("no such thing");
      }
    },
  });
  for (const value of ["bad", "worse", "good"]) {
    await produce(settings, topic, [value]);
    await until(() => seen.includes(value));
  }
  assert.equal(faults.length, 2);
  assert.match(faults[0]?.message ?? "", /^The batch handler failed: .*JSON/);
});

Deno.test("GroupConsumer shares partitions with those who join, and takes over from those who leave", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings, 4);
  const read: ConsumedRecord[][] = [[], [], []];
  const first = await collect(settings, topic, read[0] ?? []);
  const second = await collect(settings, topic, read[1] ?? []);
  await until(() => first.positions().length === 2 && second.positions().length === 2);
  await using admin = await Admin.connect(settings);
  const [group] = await admin.describeGroups([topic]);
  assert.equal(group?.state, "Stable");
  assert.deepEqual(group?.members.map(({ clientId }) => clientId), ["test", "test"]);
  assert.deepEqual(
    group?.members.flatMap(({ assignment }) => assignment.get(topic) ?? []).sort(),
    [0, 1, 2, 3],
  );
  await produce(settings, topic, numbers(100));
  await until(() => (read[0]?.length ?? 0) + (read[1]?.length ?? 0) === 100);
  await first.close();
  await until(() => second.positions().length === 4);
  await produce(settings, topic, numbers(100, 100));
  await until(() => read.flat().length === 200);
  await second.close();
  // Nothing was read twice: what was in hand was done before the partitions changed hands.
  assert.equal(new Set(read.flat().map((record) => record.text())).size, 200);
  assert.equal(await lagOf(settings, topic), 0n);
});

Deno.test("GroupConsumer.start() from latest reads what comes after it", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await produce(settings, topic, ["old"]);
  const read: ConsumedRecord[] = [];
  await using _consumer = await collect(settings, topic, read, { from: "latest" });
  await produce(settings, topic, ["new"]);
  await until(() => read.length > 0);
  assert.deepEqual(read.map((record) => record.text()), ["new"]);
});

Deno.test("GroupConsumer.start() tells of a topic that does not exist", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  await assert.rejects(
    collect(settings, uniqueName("unknown"), []),
    (error) =>
      error instanceof KafkaError && error.code === "UNKNOWN_TOPIC_OR_PARTITION" &&
      /does not exist$/.test(error.message),
  );
});

Deno.test("GroupConsumer.close() leaves the group at once", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  const consumer = await collect(settings, topic, []);
  await using admin = await Admin.connect(settings);
  await consumer.close();
  const [group] = await admin.describeGroups([topic]);
  assert.deepEqual(group?.members, []);
});

Deno.test({
  name: "GroupConsumer goes on after the broker was away, whatever it was doing",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    const direct = plainSettings(...broker.bootstrapServers);
    const topic = await createTopic(direct);
    const read: ConsumedRecord[] = [];
    const faults: string[] = [];
    await using _consumer = await collect(plainSettings(proxy.address), topic, read, {
      onCrash: ({ code }) => faults.push(code),
    });
    for (let round = 1; round <= 3; round++) {
      proxy.goAway();
      await produce(direct, topic, numbers(20, round * 100));
      await until(() => faults.length > round);
      proxy.comeBack();
      await until(() => new Set(read.map((record) => record.text())).size === round * 20);
    }
    await until(async () => await lagOf(direct, topic) === 0n);
  },
});

Deno.test({
  name: "GroupConsumer joins again when the coordinator forgot it",
  ignore: isCluster,
  async fn() {
    const UNKNOWN_MEMBER_ID = 25;
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    const settings = plainSettings(proxy.address);
    const topic = await createTopic(settings);
    const read: ConsumedRecord[] = [];
    let assignments = 0;
    await using _consumer = await collect(settings, topic, read, { onAssigned: () => assignments++ });
    let isForgotten = false;
    proxy.onResponse = (apiKey, frame) => {
      if (apiKey === API.heartbeat && !isForgotten) {
        isForgotten = true;
        new DataView(frame.buffer).setInt16(12, UNKNOWN_MEMBER_ID);
      }
      return "pass";
    };
    // The member that it was is still in the group, until its session ends or the group rebalances.
    await until(() => assignments === 2, 40_000);
    await produce(settings, topic, ["after"]);
    await until(() => read.length === 1);
  },
});

Deno.test({
  name: "GroupConsumer.close() ends within its time when the broker does not answer",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    const settings = plainSettings(proxy.address);
    const topic = await createTopic(settings);
    const consumer = await collect(settings, topic, [], { stopTimeoutMs: 100 });
    proxy.onRequest = () => "drop";
    const { promise: late, resolve } = Promise.withResolvers<"late">();
    const timer = setTimeout(() => resolve("late"), 8_000);
    assert.equal(await Promise.race([consumer.close().then(() => "closed"), late]), "closed");
    clearTimeout(timer);
  },
});

Deno.test("GroupConsumer hands over what it had fetched and not begun, so that nothing is handled twice", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings, 2);
  const COUNT = 400;
  await produce(settings, topic, numbers(COUNT));
  const handled: string[] = [];
  const handle: Partial<GroupConsumerOptions> = {
    maxUnfinished: 2,
    onBatch: async (records, { done }) => {
      for (const record of records) {
        handled.push(`${record.partition}/${record.offset}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
        done(record);
      }
    },
  };
  await using _first = await collect(settings, topic, [], handle);
  await until(() => handled.length > 10);
  await using _second = await collect(settings, topic, [], handle);
  await until(() => new Set(handled).size === COUNT);
  assert.equal(handled.length, COUNT);
  for (const partition of ["0/", "1/"]) {
    const offsets = handled.filter((at) => at.startsWith(partition)).map((at) => Number(at.slice(2)));
    assert.deepEqual(offsets, offsets.toSorted((a, b) => a - b));
  }
});

Deno.test("GroupConsumer commits in a log that begins anew", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await produce(settings, topic, numbers(10));
  const read: ConsumedRecord[] = [];
  await using _consumer = await collect(settings, topic, read);
  await until(async () => read.length === 10 && await lagOf(settings, topic) === 0n);
  await using admin = await Admin.connect(settings);
  await admin.deleteTopics([topic]);
  await until(async () => !(await admin.listTopics()).includes(topic));
  await admin.createTopics([{ topic }]);
  await produce(settings, topic, numbers(5, 100));
  await until(() => read.at(-1)?.text() === "104");
  await until(async () => await lagOf(settings, topic) === 0n);
});

Deno.test({
  name: "GroupConsumer.close() keeps its place in the group while records are in hand",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    const settings = plainSettings(proxy.address);
    const topic = await createTopic(settings);
    await produce(settings, topic, ["slow"]);
    const held: (() => void)[] = [];
    const consumer = await collect(settings, topic, [], {
      stopTimeoutMs: 60_000,
      onBatch: (records, { done }) => records.forEach((record) => held.push(() => done(record))),
    });
    await until(() => held.length === 1);
    const closing = consumer.close();
    let beats = 0;
    proxy.onRequest = (apiKey) => {
      if (apiKey === API.heartbeat) beats++;
      return "pass";
    };
    await until(() => beats >= 2);
    held.forEach((finish) => finish());
    await closing;
    assert.equal(await lagOf(settings, topic), 0n);
  },
});

Deno.test({
  name: "GroupConsumer.start() that is given up as the group answers leaves nothing running",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    const settings = plainSettings(proxy.address);
    const topic = await createTopic(settings);
    await produce(settings, topic, ["old"]);
    const read: ConsumedRecord[] = [];
    {
      await using _before = await collect(settings, topic, read);
      await until(() => read.length === 1);
    }
    const stop = new AbortController();
    const OFFSET_FETCH = 9;
    proxy.onResponse = (apiKey) => {
      if (apiKey === OFFSET_FETCH) stop.abort(new Error("no more"));
      return "pass";
    };
    let assigned = 0;
    const options = { signal: stop.signal, onAssigned: () => assigned++ };
    await assert.rejects(collect(settings, topic, [], options), /no more/);
    assert.equal(assigned, 0);
  },
});

Deno.test("Fetcher.close() leaves the offset where it is when nobody takes the records any more", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await produce(settings, topic, numbers(3));
  using client = await Client.connect(settings);
  const reading = { topic, partition: 0, offset: 0n };
  let given = 0;
  using fetcher = new Fetcher({
    client,
    resetTo: "earliest",
    onRecords: (records) => void (given += records.length),
  });
  const { promise: answered, resolve } = Promise.withResolvers<void>();
  const dial = client.dial.bind(client);
  client.dial = async (nodeId) => {
    const link = await dial(nodeId);
    const send = link.send.bind(link);
    link.send = async (...args) => {
      const answer = await send(...args);
      // The answer is there, and nobody has looked at it yet.
      fetcher.close();
      setTimeout(resolve);
      return answer;
    };
    return link;
  };
  fetcher.add([reading]);
  await answered;
  assert.deepEqual([given, reading.offset], [0, 0n]);
});
