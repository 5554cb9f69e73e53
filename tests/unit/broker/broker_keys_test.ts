import assert from "node:assert/strict";
import { BROKER_CONFIGS, parseBrokerConfig } from "../../../src/broker/broker_keys.ts";
import { invalidValue } from "../../../src/broker/state/config_definition.ts";

Deno.test("parseBrokerConfig() sets config, limits and topics' defaults by Kafka's names, the last of a key counting", () => {
  const given = parseBrokerConfig([
    ["num.partitions", "2"],
    ["num.partitions", "3"],
    ["auto.create.topics.enable", "False"],
    ["offsets.retention.minutes", "5"],
    ["max.connections", "7"],
    ["log.retention.hours", "1"],
  ]);
  assert.deepEqual(given, {
    config: {
      defaultPartitions: 3,
      autoCreateTopics: false,
      offsetsRetentionMs: 300_000,
      topicDefaults: { "log.retention.hours": "1" },
    },
    limits: { maxConnections: 7 },
  });
});

Deno.test("parseBrokerConfig() tells all faults at once, a line each, with key, value and reason", () => {
  const pairs = [
    ["num.io.threads", "8"],
    ["num.partitions", "0"],
    ["message.max.bytes", "many"],
    ["log.cleanup.policy", "shrink"],
    ["node.id", "2"],
    ["max.connections", "5"],
    ["group.max.session.timeout.ms", "5"],
  ] as const;
  assert.throws(() => parseBrokerConfig(pairs), (error) => {
    assert.ok(error instanceof RangeError);
    assert.deepEqual(error.message.split("\n"), [
      "Cannot set 'num.io.threads': no broker config of Kafka's that the embedded broker has",
      "Cannot set 'num.partitions': Invalid value 0 for configuration num.partitions: Value must be at least 1",
      "Cannot set 'message.max.bytes': Invalid value many for configuration message.max.bytes: Not a number of type INT",
      "Cannot set 'log.cleanup.policy': Invalid value shrink for configuration log.cleanup.policy: String must be one of: compact, delete",
      "Cannot set 'node.id': it is 1 and cannot be another",
      "Cannot set 'group.min.session.timeout.ms': it is above group.max.session.timeout.ms: 6000 > 5",
    ]);
    return true;
  });
});

Deno.test("BROKER_CONFIGS have defaults that they take themselves, and each a name of its own", () => {
  assert.equal(new Set(BROKER_CONFIGS.map(({ name }) => name)).size, BROKER_CONFIGS.length);
  for (const definition of BROKER_CONFIGS) {
    if (definition.defaultValue === null) continue;
    assert.equal(invalidValue(definition, definition.defaultValue), undefined, definition.name);
  }
});
