import assert from "node:assert/strict";
import { findBrokerConfig } from "../../../../src/broker/broker_keys.ts";
import { DEFAULT_CONFIG } from "../../../../src/broker/config.ts";
import { DEFAULT_LIMITS } from "../../../../src/broker/limits.ts";
import { ALL_NODES, BrokerConfigs, ConfigSource, NODE } from "../../../../src/broker/state/broker_configs.ts";
import { MemoryStorage } from "../../../../src/broker/state/memory_storage.ts";
import { findTopicConfig } from "../../../../src/broker/state/topic_config_table.ts";

const KEY = "log.retention.ms";

function opened(storage: MemoryStorage, topicDefaults: Record<string, string> = {}): BrokerConfigs {
  const configs = new BrokerConfigs(storage, {
    config: { ...DEFAULT_CONFIG, topicDefaults },
    limits: DEFAULT_LIMITS,
  });
  assert.deepEqual(configs.open(), []);
  return configs;
}

function entriesOf(configs: BrokerConfigs, name: string) {
  return configs.entries(findBrokerConfig(name) ?? assert.fail(`no ${name}`));
}

Deno.test("BrokerConfigs.entries() has the node's before all nodes' before the start's before the default", () => {
  using storage = new MemoryStorage();
  const configs = opened(storage, { "log.segment.bytes": "2000000" });
  const name = "log.segment.bytes";
  configs.change(ALL_NODES, new Map([[name, "3000000"]]));
  configs.change(NODE, new Map([[name, "4000000"]]));
  assert.deepEqual(entriesOf(configs, name), [
    { name, value: "4000000", source: ConfigSource.DYNAMIC_BROKER },
    { name, value: "3000000", source: ConfigSource.DYNAMIC_DEFAULT_BROKER },
    { name, value: "2000000", source: ConfigSource.STATIC_BROKER },
    { name, value: "1073741824", source: ConfigSource.DEFAULT },
  ]);
  assert.equal(configs.topicDefaults["segment.bytes"], "4000000");
});

Deno.test("BrokerConfigs.change() replaces what was set, is in force at once, and outlives a restart", () => {
  using storage = new MemoryStorage();
  const configs = opened(storage);
  configs.change(NODE, new Map([[KEY, "5"], ["max.connections", "9"]]));
  configs.change(NODE, new Map([["max.connections", "9"]]));
  for (const one of [configs, opened(storage)]) {
    assert.equal(one.limits.maxConnections, 9);
    assert.deepEqual(one.topicDefaults, {});
    assert.deepEqual([...one.changed(NODE)], [["max.connections", "9"]]);
  }
});

Deno.test("BrokerConfigs.topicDefaults takes the finer of two units, whoever set it", () => {
  using storage = new MemoryStorage();
  const configs = opened(storage, { "log.retention.hours": "2" });
  assert.equal(configs.topicDefaults["retention.ms"], "7200000");
  configs.change(ALL_NODES, new Map([[KEY, "11"]]));
  assert.equal(configs.topicDefaults["retention.ms"], "11");
});

Deno.test("BrokerConfigs.defaultsOf() tells no default of another name, as Kafka does not", () => {
  using storage = new MemoryStorage();
  const configs = opened(storage);
  const definition = findTopicConfig("retention.ms") ?? assert.fail("no retention.ms");
  assert.deepEqual(configs.defaultsOf(definition), []);
  configs.change(NODE, new Map([[KEY, "11"]]));
  assert.deepEqual(configs.defaultsOf(definition), [
    { name: KEY, value: "11", source: ConfigSource.DYNAMIC_BROKER },
    { name: "log.retention.hours", value: "168", source: ConfigSource.DEFAULT },
  ]);
});
