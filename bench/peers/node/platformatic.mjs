// @platformatic/kafka: streams of messages, a send for each.
import process from "node:process";
import { Admin, Consumer, Producer, stringDeserializers, stringSerializers } from "@platformatic/kafka";
import { measure, PAYLOAD, topicNames, versionOf } from "./load.mjs";

const [broker, n] = process.argv.slice(2);
const { requests, replies } = topicNames("platformatic");
const settings = { clientId: "bench", bootstrapBrokers: [broker] };

const admin = new Admin(settings);
await admin.createTopics({ topics: [requests, replies], partitions: 1, replicas: 1 });
await admin.close();

const startedAt = performance.now();
const producer = () => new Producer({ ...settings, serializers: stringSerializers });
const consumer = (groupId) => new Consumer({ ...settings, groupId, deserializers: stringDeserializers });
const requestProducer = producer();
const replyProducer = producer();
const consuming = { autocommit: 5000, mode: "earliest", minBytes: 1, maxWaitTime: 500 };
const [requestStream, replyStream] = await Promise.all([
  consumer(`${requests}.replier`).consume({ ...consuming, topics: [requests] }),
  consumer(`${requests}.requester`).consume({ ...consuming, topics: [replies] }),
]);

const fail = (error) => {
  console.error(error);
  process.exit(1);
};
const waiting = new Map();
requestStream.on("data", ({ key, value }) => {
  replyProducer.send({ messages: [{ topic: replies, key, value }], acks: 1 }).catch(fail);
});
replyStream.on("data", ({ key }) => {
  waiting.get(key)?.();
  waiting.delete(key);
});

const call = (key) =>
  new Promise((resolve) => {
    waiting.set(key, resolve);
    requestProducer.send({ messages: [{ topic: requests, key, value: PAYLOAD }], acks: 1 }).catch(fail);
  });
await measure({ peer: "platformatic", version: versionOf("@platformatic/kafka"), n: Number(n), startedAt, call });
process.exit(0);
