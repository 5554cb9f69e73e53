// kafkajs as its documentation shows it: eachMessage, auto-commit, and a send awaited in the handler.
import process from "node:process";
import { Kafka, logLevel } from "kafkajs";
import { measure, PAYLOAD, topicNames, versionOf } from "./load.mjs";

process.env.KAFKAJS_NO_PARTITIONER_WARNING = "1";
const [broker, n] = process.argv.slice(2);
const { requests, replies } = topicNames("kafkajs");
const settings = { brokers: [broker], clientId: "bench", logLevel: logLevel.NOTHING };
const requester = new Kafka(settings);
const replier = new Kafka(settings);

const admin = requester.admin();
await admin.connect();
await admin.createTopics({
  topics: [requests, replies].map((topic) => ({ topic, numPartitions: 1 })),
  waitForLeaders: true,
});
await admin.disconnect();

const startedAt = performance.now();
const requestProducer = requester.producer();
const replyProducer = replier.producer();
const fetching = { minBytes: 1, maxWaitTimeInMs: 500 };
const requestConsumer = replier.consumer({ groupId: `${requests}.replier`, ...fetching });
const replyConsumer = requester.consumer({ groupId: `${requests}.requester`, ...fetching });
await Promise.all([requestProducer, replyProducer, requestConsumer, replyConsumer].map((each) => each.connect()));
await requestConsumer.subscribe({ topic: requests, fromBeginning: true });
await replyConsumer.subscribe({ topic: replies, fromBeginning: true });

const waiting = new Map();
await Promise.all([
  requestConsumer.run({
    eachMessage: async ({ message: { key, value } }) => {
      await replyProducer.send({ topic: replies, acks: 1, messages: [{ key, value }] });
    },
  }),
  replyConsumer.run({
    eachMessage: ({ message }) => {
      const key = message.key.toString();
      waiting.get(key)?.();
      waiting.delete(key);
    },
  }),
]);

const call = (key) =>
  new Promise((resolve, reject) => {
    waiting.set(key, resolve);
    requestProducer.send({ topic: requests, acks: 1, messages: [{ key, value: PAYLOAD }] }).catch(reject);
  });
await measure({ peer: "kafkajs", version: versionOf("kafkajs"), n: Number(n), startedAt, call });
process.exit(0);
