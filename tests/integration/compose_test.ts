/**
 * compose.yaml, without Docker: its settings, as the image makes server.properties of them, start a real Apache Kafka.
 * Only run by `test:kafka`.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Admin } from "../../src/kafka/admin.ts";
import type { KafkaSettings } from "../../src/kafka/settings.ts";
import { Replier } from "../../src/toolkit/replier.ts";
import { Requester } from "../../src/toolkit/requester.ts";
import { ApacheKafka } from "../support/apache_kafka.ts";
import { brokerKind, uniqueName } from "../support/broker.ts";

const COMPOSE = await Deno.readTextFile(fileURLToPath(new URL("../../compose.yaml", import.meta.url)));

/** `KAFKA_LOG_DIRS: x` as `log.dirs` = `x`: the image's rule. */
function serverProperties(): Record<string, string> {
  const lines = COMPOSE.matchAll(/^ +KAFKA_([A-Z_]+): (.+)$/gm);
  return Object.fromEntries(
    Array.from(lines, ([, name = "", value = ""]) => [name.toLowerCase().replaceAll("_", "."), value]),
  );
}

Deno.test("compose.yaml pins the image, and publishes Kafka where a participant looks for it, on loopback", () => {
  assert.match(COMPOSE, /^ +image: apache\/kafka:4\.3\.1$/m);
  assert.match(COMPOSE, /^ +- "127\.0\.0\.1:9092:9092"$/m);
  const properties = serverProperties();
  assert.equal(properties["advertised.listeners"], "PLAINTEXT://127.0.0.1:9092");
  assert.equal(properties["group.initial.rebalance.delay.ms"], "0");
});

Deno.test({
  name: "compose.yaml: a request is answered on an Apache Kafka of its settings" +
    (brokerKind() === "apache-1" ? "" : " (only by `deno task test:kafka`)"),
  ignore: brokerKind() !== "apache-1",
  async fn() {
    await using kafka = await ApacheKafka.start({ config: serverProperties() });
    const settings: KafkaSettings = {
      bootstrapServers: kafka.bootstrapServers,
      clientId: "compose",
      securityProtocol: "PLAINTEXT",
    };
    const topic = uniqueName("compose");
    await using admin = await Admin.connect(settings);
    await admin.createTopics([{ topic, numPartitions: 1, replicationFactor: 1 }]);
    await using _replier = await Replier.start({
      settings,
      topic,
      groupId: topic,
      handler: (request) => Promise.resolve(`heard: ${request.text()}`),
    });
    await using requester = await Requester.start({ settings, replyTopic: `${topic}.replies` });
    const reply = await requester.request(topic, { value: "hello" }, { timeoutMs: 30_000 });
    assert.equal(reply.text(), "heard: hello");
  },
});
