// NestJS: a microservice with one @MessagePattern that echoes, and a ClientKafka that calls it. TCP_NODELAY is set for
// it, which it would not do by itself: the comparison is with its better figures.
import "reflect-metadata";
import net from "node:net";
import process from "node:process";
import { Controller, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ClientKafka, MessagePattern, Payload, Transport } from "@nestjs/microservices";
import { Kafka, logLevel } from "kafkajs";
import { firstValueFrom } from "rxjs";
import { measure, PAYLOAD, topicNames, versionOf } from "./load.mjs";

process.env.KAFKAJS_NO_PARTITIONER_WARNING = "1";
const [broker, n] = process.argv.slice(2);
const { requests, replies } = topicNames("nestjs");

const socketFactory = ({ host, port, onConnect }) => {
  const socket = net.connect({ host, port, noDelay: true }, onConnect);
  socket.setKeepAlive(true, 60_000);
  return socket;
};
const client = { brokers: [broker], clientId: "bench", logLevel: logLevel.NOTHING, socketFactory };
const options = (groupId) => ({
  client,
  consumer: { groupId, minBytes: 1, maxWaitTimeInMs: 500, allowAutoTopicCreation: false },
  subscribe: { fromBeginning: true },
  send: { acks: 1 },
});

const admin = new Kafka(client).admin();
await admin.connect();
await admin.createTopics({
  topics: [requests, replies].map((topic) => ({ topic, numPartitions: 1 })),
  waitForLeaders: true,
});
await admin.disconnect();

const startedAt = performance.now();

class Echo {
  echo(message) {
    return message;
  }
}
// Decorators, as plain JavaScript applies them.
const method = Object.getOwnPropertyDescriptor(Echo.prototype, "echo");
MessagePattern(requests)(Echo.prototype, "echo", method);
Payload()(Echo.prototype, "echo", 0);
Controller()(Echo);
class App {}
Module({ controllers: [Echo] })(App);

const app = await NestFactory.createMicroservice(App, {
  transport: Transport.KAFKA,
  options: options(`${requests}.replier`),
  logger: false,
});
const requester = new ClientKafka(options(`${requests}.requester`));
requester.subscribeToResponseOf(requests);
await Promise.all([app.listen(), requester.connect()]);

const call = (key) => firstValueFrom(requester.send(requests, { key, value: PAYLOAD }));
await measure({ peer: "nestjs", version: versionOf("@nestjs/microservices"), n: Number(n), startedAt, call });
process.exit(0);
