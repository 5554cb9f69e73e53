import assert from "node:assert/strict";
import { invalidTopicName } from "../../../../src/broker/state/topic.ts";
import { invalidConfig, parseTopicConfig } from "../../../../src/broker/state/topic_config.ts";
import { TOPIC_CONFIGS } from "../../../../src/broker/state/topic_config_table.ts";

Deno.test("invalidConfig() takes every default", () => {
  for (const { name, defaultValue } of TOPIC_CONFIGS) {
    assert.equal(invalidConfig(name, defaultValue), undefined, name);
  }
});

Deno.test("invalidConfig() refuses what Kafka refuses, naming the value", () => {
  const cases: [string, string | null][] = [
    ["no.such.config", "1"],
    ["retention.ms", null],
    ["retention.ms", "soon"],
    ["retention.ms", "-2"],
    ["retention.ms", "99999999999999999999"],
    ["segment.bytes", "2147483648"],
    ["cleanup.policy", "compress"],
    ["cleanup.policy", "compact,shrink"],
    ["message.timestamp.type", "createtime"],
    ["min.cleanable.dirty.ratio", "2"],
    ["preallocate", "yes"],
    ["cleanup.policy", "delete,".repeat(1_000)],
  ];
  for (const [name, value] of cases) {
    const reason = invalidConfig(name, value) ?? assert.fail(`${name}=${value} was taken`);
    assert.ok(reason.includes(name));
  }
});

Deno.test("parseTopicConfig() takes overrides before the broker's defaults before Kafka's", () => {
  const overrides = new Map([["cleanup.policy", "compact, delete"], ["retention.ms", "5"]]);
  const config = parseTopicConfig(overrides, { "retention.ms": "7", "retention.bytes": "9" });
  assert.equal(config.retentionMs, 5);
  assert.equal(config.retentionBytes, 9);
  assert.equal(config.maxMessageBytes, 1_048_588);
  assert.ok(config.cleanupCompact && config.cleanupDelete);
});

Deno.test("invalidTopicName() takes Kafka's names only", () => {
  for (const name of ["a", "A.b_c-9", "x".repeat(249)]) assert.equal(invalidTopicName(name), undefined);
  for (const name of ["", ".", "..", "a b", "a/b", "ü", "x".repeat(250)]) assert.ok(invalidTopicName(name));
});
