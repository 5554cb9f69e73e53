// Fills a topic or reads it with kafkajs, and prints MB/s: COMMAND ADDRESS TOPIC RECORDS BYTES.
import { Kafka, logLevel } from "kafkajs";

const [what, address, topic, recordsText, bytesText] = process.argv.slice(2);
const records = Number(recordsText);
const bytes = Number(bytesText);
const BATCH = 500;
const IN_FLIGHT = 5;

const kafka = new Kafka({ brokers: [address], clientId: "bench", logLevel: logLevel.ERROR });

async function produce() {
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const value = Buffer.alloc(bytes, "x");
  let left = records;
  const start = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    while (left > 0) {
      const messages = Array.from({ length: Math.min(BATCH, left) }, () => ({ value }));
      left -= messages.length;
      await producer.send({ topic, acks: -1, messages });
    }
  }));
  const took = performance.now() - start;
  await producer.disconnect();
  return took;
}

async function consume() {
  const consumer = kafka.consumer({ groupId: `bench-${Date.now()}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let seen = 0;
  let start;
  const took = await new Promise((resolve, reject) => {
    consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }) => {
        start ??= performance.now();
        seen += batch.messages.length;
        if (seen >= records) resolve(performance.now() - start);
        return Promise.resolve();
      },
    }).catch(reject);
  });
  await consumer.disconnect();
  return took;
}

const tookMs = await (what === "produce" ? produce() : consume());
console.log(records * bytes / 2 ** 20 / (tookMs / 1000));
