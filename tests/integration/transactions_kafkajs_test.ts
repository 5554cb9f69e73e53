import assert from "node:assert/strict";
import { Kafka, logLevel } from "kafkajs";
import { startBroker } from "../../src/testing.ts";

/** Values that a kafkajs consumer sees of a topic, until it has seen `last`. */
async function consume(
  kafka: Kafka,
  topic: string,
  readUncommitted: boolean,
  last: string,
): Promise<string[]> {
  const consumer = kafka.consumer({ groupId: `g-${readUncommitted}`, readUncommitted, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const seen: string[] = [];
  await new Promise<void>((resolve, reject) =>
    consumer.run({
      eachMessage: ({ message }) => {
        const value = message.value?.toString() ?? "";
        seen.push(value);
        if (value === last) resolve();
        return Promise.resolve();
      },
    }).catch(reject)
  );
  await consumer.disconnect();
  return seen;
}

Deno.test("kafkajs's transactional producer commits and aborts; who reads committed sees what was committed", async () => {
  await using broker = await startBroker({ topics: [{ name: "t", partitions: 1 }] });
  const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ transactionalId: "tx", maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  const send = async (values: string[], outcome: "commit" | "abort") => {
    const transaction = await producer.transaction();
    await transaction.send({ topic: "t", messages: values.map((value) => ({ value })) });
    await transaction[outcome]();
  };
  await send(["a", "b"], "commit");
  await send(["c"], "abort");
  await send(["d"], "commit");
  await producer.disconnect();
  assert.deepEqual(await consume(kafka, "t", false, "d"), ["a", "b", "d"]);
  assert.deepEqual(await consume(kafka, "t", true, "d"), ["a", "b", "c", "d"]);
});

Deno.test("kafkajs's transactional producer commits a group's offsets with its records, or neither", async () => {
  await using broker = await startBroker({ topics: [{ name: "t", partitions: 2 }] });
  const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ transactionalId: "tx", maxInFlightRequests: 1, idempotent: true });
  const admin = kafka.admin();
  await Promise.all([producer.connect(), admin.connect()]);
  const sendOffset = async (offset: string, outcome: "commit" | "abort") => {
    const transaction = await producer.transaction();
    await transaction.sendOffsets({
      consumerGroupId: "g",
      topics: [{ topic: "t", partitions: [{ partition: 1, offset }] }],
    });
    await transaction[outcome]();
    const [topic] = await admin.fetchOffsets({ groupId: "g", topics: ["t"] });
    return topic?.partitions.find(({ partition }) => partition === 1)?.offset;
  };
  assert.equal(await sendOffset("5", "commit"), "5");
  assert.equal(await sendOffset("9", "abort"), "5");
  await Promise.all([producer.disconnect(), admin.disconnect()]);
});
