/**
 * NestJS as its users have it, in a process of its own: a microservice that answers on one topic, and a ClientKafka that
 * calls another. What came of its calls is a line of JSON each; it ends with its stdin.
 *
 * Arguments: the broker, the topic it serves, the topic it calls.
 *
 * @module
 */
import "reflect-metadata";
import { Controller, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ClientKafka, MessagePattern, Payload, Transport } from "@nestjs/microservices";
import { logLevel } from "kafkajs";
import { firstValueFrom } from "rxjs";

const [broker = "", served = "", called = ""] = Deno.args;
const options = (groupId: string) => ({
  client: { brokers: [broker], clientId: "nestjs", logLevel: logLevel.NOTHING },
  consumer: { groupId, maxWaitTimeInMs: 100 },
  subscribe: { fromBeginning: true },
});

class Service {
  answer(message: { readonly text: string }) {
    if (message.text === "fail") throw new TypeError("no such thing");
    return { answered: message.text };
  }
}
// Decorators, as functions apply them.
const method = Object.getOwnPropertyDescriptor(Service.prototype, "answer");
if (method === undefined) throw new TypeError("Cannot decorate a method that is not there");
MessagePattern(served)(Service.prototype, "answer", method);
Payload()(Service.prototype, "answer", 0);
Controller()(Service);
class App {}
Module({ controllers: [Service] })(App);

const app = await NestFactory.createMicroservice(App, {
  transport: Transport.KAFKA,
  options: options(served),
  logger: false,
});
const client = new ClientKafka(options(`${called}.callers`));
client.subscribeToResponseOf(called);
await Promise.all([app.listen(), client.connect()]);

for (const text of ["hello", "fail"]) {
  const said = await firstValueFrom(client.send(called, { text })).then(
    (reply: unknown) => ({ reply }),
    (error: unknown) => ({ error: error instanceof Error ? error.message : error }),
  );
  console.log(JSON.stringify(said));
}
await Deno.stdin.readable.pipeTo(new WritableStream());
Deno.exit();
