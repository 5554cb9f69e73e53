/**
 * Each start can be given up at each of its waits: it ends at once with the signal's reason, and Deno's sanitizers see
 * that nothing stays open.
 *
 * @module
 */
import assert from "node:assert/strict";
import { KafkaError } from "../../src/base/errors.ts";
import { within } from "../../src/base/stop.ts";
import { Admin } from "../../src/kafka/admin.ts";
import { GroupConsumer } from "../../src/kafka/consumer.ts";
import { PartitionReader } from "../../src/kafka/partition_reader.ts";
import { Producer } from "../../src/kafka/producer.ts";
import type { KafkaSettings } from "../../src/kafka/settings.ts";
import { Replier } from "../../src/toolkit/replier.ts";
import { Requester } from "../../src/toolkit/requester.ts";
import { brokerKind, testBroker, uniqueName } from "../support/broker.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import { plainSettings } from "../support/kafka_settings.ts";
import { SilentServer } from "../support/silent_server.ts";

/** A request without an answer is given up by itself only after 10 seconds. */
const AT_ONCE_MS = 5_000;

const API = {
  listOffsets: 2,
  metadata: 3,
  offsetFetch: 9,
  findCoordinator: 10,
  joinGroup: 11,
  syncGroup: 14,
  apiVersions: 18,
  createTopics: 19,
  initProducerId: 22,
} as const;

const group = [
  "apiVersions",
  "metadata",
  "findCoordinator",
  "joinGroup",
  "syncGroup",
  "offsetFetch",
] as const;

interface Start {
  readonly name: string;
  /** What it asks for on its way. */
  readonly waits: readonly (keyof typeof API)[];
  start(settings: KafkaSettings, topic: string, signal: AbortSignal): Promise<AsyncDisposable>;
}

const STARTS: readonly Start[] = [
  {
    name: "Admin.connect()",
    waits: ["apiVersions", "metadata"],
    start: (settings, _, signal) => Admin.connect(settings, signal),
  },
  {
    name: "Producer.connect()",
    waits: ["apiVersions", "metadata", "initProducerId"],
    start: (settings, _, signal) => Producer.connect(settings, { signal }),
  },
  {
    name: "PartitionReader.start()",
    waits: ["apiVersions", "metadata", "listOffsets"],
    start: (settings, topic, signal) =>
      PartitionReader.start(settings, { topic, from: "latest", onRecords: () => {}, signal }),
  },
  {
    name: "GroupConsumer.start()",
    waits: [...group, "listOffsets"],
    start: (settings, topic, signal) =>
      GroupConsumer.start(settings, {
        groupId: topic,
        topics: [topic],
        from: "earliest",
        onBatch: () => {},
        signal,
      }),
  },
  {
    name: "Replier.start()",
    waits: [...group, "listOffsets", "initProducerId"],
    start: (settings, topic, signal) =>
      Replier.start({ settings, topic, groupId: topic, handler: () => "x", signal }),
  },
  {
    name: "Requester.start()",
    waits: ["apiVersions", "metadata", "initProducerId", "createTopics", "listOffsets"],
    start: (settings, topic, signal) => Requester.start({ settings, replyTopic: `${topic}.replies`, signal }),
  },
];

const atOnce = <T>(promise: Promise<T>) => within(promise, AT_ONCE_MS, () => new Error("not at once"));

for (const { name, waits, start } of STARTS) {
  Deno.test(`${name} ends at once when it is given up while a server accepts and never answers`, async () => {
    await using server = new SilentServer();
    const stop = new AbortController();
    const starting = start(plainSettings(server.address), "t", stop.signal);
    await server.asked;
    stop.abort(new Error("no more"));
    await assert.rejects(atOnce(starting), { message: "no more" });
    await server.hungUp();
  });

  Deno.test(`${name} opens nothing for a signal that is aborted already`, async () => {
    const gone = AbortSignal.abort(new Error("no more"));
    await assert.rejects(start(plainSettings("127.0.0.1:1"), "t", gone), { message: "no more" });
  });

  Deno.test({
    name: `${name} ends at once when it is given up while an answer is missing, whichever it is`,
    ignore: brokerKind() === "apache-3",
    async fn(t) {
      await using broker = await testBroker();
      const topic = uniqueName("start");
      {
        await using admin = await Admin.connect(plainSettings(...broker.bootstrapServers));
        await admin.createTopics([{ topic }]);
      }
      for (const missing of waits) {
        await t.step(missing, async () => {
          await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
          const stop = new AbortController();
          proxy.onRequest = (apiKey) => {
            if (apiKey !== API[missing]) return "pass";
            stop.abort(new Error(`no ${missing}`));
            return "drop";
          };
          const starting = start(plainSettings(proxy.address), topic, stop.signal);
          await assert.rejects(atOnce(starting), { message: `no ${missing}` });
        });
      }
    },
  });
}

Deno.test("Requester.start() takes no longer than startTimeoutMs to connect", async () => {
  await using server = new SilentServer();
  const starting = Requester.start({
    settings: plainSettings(server.address),
    replyTopic: "t.replies",
    startTimeoutMs: 50,
  });
  await assert.rejects(
    atOnce(starting),
    (error) => error instanceof KafkaError && error.code === "REQUEST_TIMED_OUT",
  );
  await server.hungUp();
});

Deno.test("GroupConsumer.start() takes no longer than startTimeoutMs to connect", async () => {
  await using server = new SilentServer();
  const starting = GroupConsumer.start(plainSettings(server.address), {
    groupId: "g",
    topics: ["t"],
    from: "earliest",
    onBatch: () => {},
    startTimeoutMs: 50,
  });
  await assert.rejects(
    atOnce(starting),
    (error) => error instanceof KafkaError && error.code === "REQUEST_TIMED_OUT",
  );
  await server.hungUp();
});
