import assert from "node:assert/strict";
import { KafkaError } from "../../src/base/errors.ts";
import { Admin } from "../../src/kafka/admin.ts";
import { Producer } from "../../src/kafka/producer.ts";
import type { KafkaSettings, SaslSettings } from "../../src/kafka/settings.ts";
import { Replier } from "../../src/toolkit/replier.ts";
import { Requester } from "../../src/toolkit/requester.ts";
import { brokerKind, testBroker, uniqueName } from "../support/broker.ts";
import { startSaslGate } from "../support/sasl_gate.ts";

const PASSWORD = "correct horse";
const isCluster = brokerKind() === "apache-3";

function settingsFor(address: string, sasl: Partial<SaslSettings> = {}): KafkaSettings {
  return {
    bootstrapServers: [address],
    clientId: "test",
    securityProtocol: "SASL_PLAINTEXT",
    sasl: { mechanism: "PLAIN", username: "bob", password: PASSWORD, ...sasl },
  };
}

Deno.test({
  name: "Requester and Replier talk by SASL, on every connection that they open",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using gate = startSaslGate(broker.bootstrapServers[0] ?? "", "bob", PASSWORD);
    const settings = settingsFor(gate.address);
    const topic = uniqueName("credentials");
    await using admin = await Admin.connect(settings);
    await admin.createTopics([{ topic }]);
    await using _replier = await Replier.start({
      settings,
      topic,
      groupId: topic,
      handler: (request) => request.value,
    });
    await using requester = await Requester.start({ settings, replyTopic: `${topic}.replies` });
    assert.equal((await requester.request(topic, { value: "hello" }, { timeoutMs: 10_000 })).text(), "hello");
    gate.cut();
    assert.equal((await requester.request(topic, { value: "again" }, { timeoutMs: 10_000 })).text(), "again");
  },
});

Deno.test({
  name: "Producer.connect() tells of wrong credentials at once, and never tells the password",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using gate = startSaslGate(broker.bootstrapServers[0] ?? "", "bob", PASSWORD);
    const password = "s3cret-guess";
    const connect = [Producer, Admin].map((client) => () =>
      client.connect(settingsFor(gate.address, { password }))
    );
    for (const attempt of connect) {
      await assert.rejects(attempt, (error) => {
        assert.ok(error instanceof KafkaError);
        assert.equal(error.code, "SASL_AUTHENTICATION_FAILED");
        assert.equal(error.retriable, false);
        assert.match(
          error.message,
          /^Cannot connect to Kafka at 127.0.0.1:\d+: SASL PLAIN authentication failed: .*\*\*\*$/,
        );
        assert.ok(!Deno.inspect(error).includes(password));
        return true;
      });
    }
  },
});

Deno.test({
  name: "Producer.connect() tells of a mechanism that the broker does not take",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using gate = startSaslGate(broker.bootstrapServers[0] ?? "", "bob", PASSWORD);
    await assert.rejects(
      Producer.connect(settingsFor(gate.address, { mechanism: "SCRAM-SHA-256" })),
      (error) =>
        error instanceof KafkaError && error.code === "UNSUPPORTED_SASL_MECHANISM" && !error.retriable,
    );
  },
});
