import assert from "node:assert/strict";
import { KafkaError } from "../../src/base/errors.ts";
import { within } from "../../src/base/stop.ts";
import { Admin } from "../../src/kafka/admin.ts";
import { GroupConsumer } from "../../src/kafka/consumer.ts";
import { Producer } from "../../src/kafka/producer.ts";
import { testBroker, uniqueName } from "../support/broker.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import { plainSettings, until } from "../support/kafka_settings.ts";

/** A request without an answer is given up by itself only after 10 seconds. */
const AT_ONCE_MS = 5_000;
const METADATA = 3;

function coded(code: string) {
  return (error: unknown) => error instanceof KafkaError && error.code === code;
}

Deno.test("Admin creates, lists, describes and deletes topics", async () => {
  await using broker = await testBroker();
  await using admin = await Admin.connect(plainSettings(...broker.bootstrapServers));
  const topic = uniqueName("admin");
  assert.deepEqual(
    await admin.createTopics([{ topic, numPartitions: 3, config: { "cleanup.policy": "compact" } }]),
    [topic],
  );
  assert.deepEqual(await admin.createTopics([{ topic }]), []);
  assert.ok((await admin.listTopics()).includes(topic));
  const [description] = await admin.describeTopics([topic]);
  assert.deepEqual(description?.partitions.map(({ partition }) => partition), [0, 1, 2]);
  assert.ok(description?.partitions.every(({ leader, replicas }) => replicas.includes(leader)));
  await admin.deleteTopics([topic]);
  await admin.deleteTopics([topic]);
  await until(async () => !(await admin.listTopics()).includes(topic));
  await assert.rejects(admin.describeTopics([topic]), coded("UNKNOWN_TOPIC_OR_PARTITION"));
});

Deno.test("Admin.createTopics() tells of a name that no topic can have", async () => {
  await using broker = await testBroker();
  await using admin = await Admin.connect(plainSettings(...broker.bootstrapServers));
  await assert.rejects(admin.createTopics([{ topic: "no such/topic" }]), coded("INVALID_TOPIC_EXCEPTION"));
});

Deno.test("Admin.topicOffsets() tells both ends of each partition", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  await using admin = await Admin.connect(settings);
  const topic = uniqueName("admin");
  await admin.createTopics([{ topic, numPartitions: 2 }]);
  await using producer = await Producer.connect(settings);
  for (let i = 0; i < 3; i++) await producer.send({ topic, partition: 1, value: "x" });
  assert.deepEqual(await admin.topicOffsets(topic), [
    { partition: 0, earliest: 0n, latest: 0n },
    { partition: 1, earliest: 0n, latest: 3n },
  ]);
});

Deno.test("Admin tells of groups: their members, and how far they are behind", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  await using admin = await Admin.connect(settings);
  const topic = uniqueName("admin");
  await admin.createTopics([{ topic }]);
  await using producer = await Producer.connect(settings);
  await using consumer = await GroupConsumer.start(settings, {
    groupId: topic,
    topics: [topic],
    from: "earliest",
    onBatch: (records, { done }) => records.forEach((record) => done(record)),
  });
  await producer.send({ topic, value: "x" });
  await until(async () => (await admin.groupLag(topic)).length === 1);
  await until(async () => (await admin.groupLag(topic))[0]?.lag === 0n);
  assert.deepEqual(await admin.groupLag(topic), [{
    topic,
    partition: 0,
    committed: 1n,
    latest: 1n,
    lag: 0n,
  }]);
  assert.ok((await admin.listGroups()).includes(topic));
  const [group] = await admin.describeGroups([topic]);
  assert.equal(group?.state, "Stable");
  assert.deepEqual(group?.members.map(({ clientId, host, assignment }) => [clientId, host, assignment]), [
    ["test", "127.0.0.1", new Map([[topic, [0]]])],
  ]);
  await consumer.close();
  await producer.send({ topic, value: "y" });
  assert.equal((await admin.groupLag(topic))[0]?.lag, 1n);
  const [unknown] = await admin.describeGroups([uniqueName("unknown")]);
  assert.deepEqual([unknown?.state, unknown?.members], ["Dead", []]);
  assert.deepEqual(await admin.groupLag(uniqueName("unknown")), []);
});

Deno.test("Admin.describeCluster() names the cluster and its brokers", async () => {
  await using broker = await testBroker();
  await using admin = await Admin.connect(plainSettings(...broker.bootstrapServers));
  const { clusterId, brokers, controllerId } = await admin.describeCluster();
  assert.ok(clusterId !== undefined && clusterId.length > 0);
  assert.ok(brokers.some(({ nodeId }) => nodeId === controllerId));
  const addresses = brokers.map(({ host, port }) => `${host}:${port}`);
  assert.deepEqual(addresses.sort(), [...broker.bootstrapServers].sort());
});

Deno.test("Admin.connect()'s signal ends what the admin waits for later", async () => {
  await using broker = await testBroker();
  await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
  const stop = new AbortController();
  await using admin = await Admin.connect(plainSettings(proxy.address), stop.signal);
  proxy.onRequest = (apiKey) => {
    if (apiKey !== METADATA) return "pass";
    stop.abort(new Error("no more"));
    return "drop";
  };
  const listed = within(admin.listTopics(), AT_ONCE_MS, () => new Error("not at once"));
  await assert.rejects(listed, (error) => error instanceof KafkaError && !error.retriable);
});
