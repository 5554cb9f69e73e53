/** Settings of topics and of the broker: DescribeConfigs, AlterConfigs, IncrementalAlterConfigs, ListConfigResources. */
import assert from "node:assert/strict";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { uniqueName } from "../support/broker.ts";
import { type Ask, conform, like, until } from "../support/conform.ts";
import {
  AlterConfigs,
  DescribeConfigs,
  IncrementalAlterConfigs,
  ListConfigResources,
  Metadata,
} from "../support/wire_pairs.ts";

const TOPIC = 2;
const BROKER = 4;
const LOGGER = 8;
const CLIENT_METRICS = 16;
const SET = 0;
const DELETE = 1;
const APPEND = 2;
const SUBTRACT = 3;
/** Where a value comes from. */
const TOPIC_CONFIG = 1;
const DEFAULT_CONFIG = 5;

async function describe(ask: Ask, name: string, keys: string[] | null, more = {}) {
  const resources = [{ resourceType: TOPIC, resourceName: name, configurationKeys: keys }];
  const { results } = await ask(DescribeConfigs, { resources, ...more });
  return results[0] ?? assert.fail("no answer for the topic");
}

/** Until it is so: a change takes a real broker a moment. */
async function untilIs(ask: Ask, topic: string, key: string, value: string): Promise<void> {
  await until(async () => (await describe(ask, topic, [key])).configs[0]?.value === value);
}

conform(
  DescribeConfigs,
  "tells a topic's settings, and where they come from",
  async ({ ask, newTopic, version }) => {
    const { name } = await newTopic({ configs: { "retention.ms": "60000" } });
    const keys = ["retention.ms", "max.message.bytes"];
    const { configs, ...result } = await describe(ask, name, keys, {
      includeSynonyms: true,
      includeDocumentation: true,
    });
    like(result, { errorCode: ErrorCode.NONE, resourceType: TOPIC, resourceName: name });
    assert.deepEqual(configs.map(({ name }) => name).toSorted(), keys.toSorted());
    const of = (key: string) => configs.find(({ name }) => name === key);
    like(of("retention.ms"), {
      value: "60000",
      readOnly: false,
      configSource: TOPIC_CONFIG,
      isSensitive: false,
      configType: version >= 3 ? 5 : 0,
    });
    like(of("retention.ms")?.synonyms[0], { name: "retention.ms", value: "60000", source: TOPIC_CONFIG });
    like(of("max.message.bytes"), {
      value: "1048588",
      configSource: DEFAULT_CONFIG,
      configType: version >= 3 ? 3 : 0,
      synonyms: [{ name: "message.max.bytes", value: "1048588", source: DEFAULT_CONFIG }],
    });
    assert.equal((of("retention.ms")?.documentation ?? "") !== "", version >= 3);
  },
);

conform(
  DescribeConfigs,
  "tells the settings that a topic has in Apache Kafka 4.3.1",
  async ({ ask, newTopic }) => {
    const { name } = await newTopic();
    const { configs } = await describe(ask, name, null);
    const told = configs.map(({ name, value }) => `${name}=${value}`).toSorted();
    assert.deepEqual(
      told.filter((config) => !/^(remote|local|.*replication\.throttled)/.test(config)),
      TOPIC_DEFAULTS,
    );
  },
);
const TOPIC_DEFAULTS = [
  "cleanup.policy=delete",
  "compression.gzip.level=-1",
  "compression.lz4.level=9",
  "compression.type=producer",
  "compression.zstd.level=3",
  "delete.retention.ms=86400000",
  "file.delete.delay.ms=60000",
  "flush.messages=9223372036854775807",
  "flush.ms=9223372036854775807",
  "index.interval.bytes=4096",
  "max.compaction.lag.ms=9223372036854775807",
  "max.message.bytes=1048588",
  "message.timestamp.after.max.ms=3600000",
  "message.timestamp.before.max.ms=9223372036854775807",
  "message.timestamp.type=CreateTime",
  "min.cleanable.dirty.ratio=0.5",
  "min.compaction.lag.ms=0",
  "min.insync.replicas=1",
  "preallocate=false",
  "retention.bytes=-1",
  "retention.ms=604800000",
  "segment.bytes=1073741824",
  "segment.index.bytes=10485760",
  "segment.jitter.ms=0",
  "segment.ms=604800000",
  "unclean.leader.election.enable=false",
];

conform(
  DescribeConfigs,
  "refuses a topic that is not there, and a kind that there is not",
  async ({ ask }) => {
    const name = uniqueName("conform-none");
    like(await describe(ask, name, null), { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, configs: [] });
    like(await describe(ask, "a b", null), { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, configs: [] });
    const resources = [{ resourceType: 99, resourceName: name, configurationKeys: null }];
    like((await ask(DescribeConfigs, { resources })).results, [{ errorCode: ErrorCode.INVALID_REQUEST }]);
    const broker = [{ resourceType: BROKER, resourceName: "no-number", configurationKeys: null }];
    like((await ask(DescribeConfigs, { resources: broker })).results, [{
      errorCode: ErrorCode.INVALID_REQUEST,
    }]);
  },
);

conform(DescribeConfigs, "tells the broker's settings", async ({ ask }) => {
  const [{ nodeId } = { nodeId: -1 }] = (await ask(Metadata, { topics: [] })).brokers;
  const keys = ["message.max.bytes", "auto.create.topics.enable"];
  const resources = [{ resourceType: BROKER, resourceName: String(nodeId), configurationKeys: keys }];
  const { results } = await ask(DescribeConfigs, { resources });
  like(results, [{ errorCode: ErrorCode.NONE, resourceType: BROKER, resourceName: String(nodeId) }]);
  assert.deepEqual(results[0]?.configs.map(({ name }) => name).toSorted(), keys.toSorted());
  const other = [{ resourceType: BROKER, resourceName: String(nodeId + 7), configurationKeys: null }];
  like((await ask(DescribeConfigs, { resources: other })).results, [{
    errorCode: ErrorCode.INVALID_REQUEST,
  }]);
});

conform(IncrementalAlterConfigs, "sets, appends, takes away and unsets", async ({ ask, newTopic }) => {
  const { name } = await newTopic({ configs: { "retention.bytes": "77" } });
  const alter = async (key: string, configOperation: number, value: string | null, validateOnly = false) => {
    const configs = [{ name: key, configOperation, value }];
    const resources = [{ resourceType: TOPIC, resourceName: name, configs }];
    const { responses } = await ask(IncrementalAlterConfigs, { resources, validateOnly });
    like(responses, [{
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      resourceType: TOPIC,
      resourceName: name,
    }]);
  };
  await alter("retention.ms", SET, "1234", true);
  await alter("cleanup.policy", APPEND, "compact");
  await untilIs(ask, name, "cleanup.policy", "delete,compact");
  like((await describe(ask, name, ["retention.ms"])).configs, [{ configSource: DEFAULT_CONFIG }]);
  await alter("cleanup.policy", SUBTRACT, "delete");
  await untilIs(ask, name, "cleanup.policy", "compact");
  await alter("cleanup.policy", DELETE, null);
  await untilIs(ask, name, "cleanup.policy", "delete");
  await alter("retention.ms", SET, "60000");
  await untilIs(ask, name, "retention.ms", "60000");
  // All others stay as they were.
  like((await describe(ask, name, ["retention.bytes"])).configs, [{
    value: "77",
    configSource: TOPIC_CONFIG,
  }]);
});

conform(IncrementalAlterConfigs, "refuses what cannot be", async ({ ask, newTopic }) => {
  const { name } = await newTopic();
  const code = async (
    key: string,
    value: string | null,
    { configOperation = SET, resourceName = name, resourceType = TOPIC, times = 1 } = {},
  ) => {
    const configs = Array.from({ length: times }, () => ({ name: key, configOperation, value }));
    const resources = [{ resourceType, resourceName, configs }];
    return (await ask(IncrementalAlterConfigs, { resources, validateOnly: false })).responses[0]?.errorCode;
  };
  assert.equal(await code("no.such.config", "1"), ErrorCode.INVALID_CONFIG);
  assert.equal(await code("retention.ms", "soon"), ErrorCode.INVALID_CONFIG);
  assert.equal(await code("min.insync.replicas", "0"), ErrorCode.INVALID_CONFIG);
  assert.equal(await code("retention.ms", null), ErrorCode.INVALID_REQUEST);
  assert.equal(await code("retention.ms", "1", { times: 2 }), ErrorCode.INVALID_REQUEST);
  assert.equal(await code("retention.ms", "1", { configOperation: APPEND }), ErrorCode.INVALID_CONFIG);
  const resourceName = uniqueName("conform-none");
  assert.equal(await code("retention.ms", "1", { resourceName }), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  assert.equal(await code("retention.ms", "1", { resourceType: 99 }), ErrorCode.INVALID_REQUEST);
});

conform(AlterConfigs, "replaces all settings of a topic", async ({ ask, newTopic }) => {
  const { name } = await newTopic({ configs: { "retention.bytes": "77" } });
  const alter = async (
    key: string,
    value: string | null,
    { resourceName = name, validateOnly = false } = {},
  ) => {
    const resources = [{ resourceType: TOPIC, resourceName, configs: [{ name: key, value }] }];
    return (await ask(AlterConfigs, { resources, validateOnly })).responses;
  };
  like(await alter("retention.ms", "1", { validateOnly: true }), [{ errorCode: ErrorCode.NONE }]);
  like(await alter("retention.ms", "60000"), [{
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    resourceType: TOPIC,
    resourceName: name,
  }]);
  await untilIs(ask, name, "retention.ms", "60000");
  like((await describe(ask, name, ["retention.bytes"])).configs, [{
    value: "-1",
    configSource: DEFAULT_CONFIG,
  }]);
  like(await alter("no.such.config", "1"), [{ errorCode: ErrorCode.INVALID_CONFIG }]);
  like(await alter("retention.ms", "soon"), [{ errorCode: ErrorCode.INVALID_CONFIG }]);
  like(await alter("retention.ms", null), [{ errorCode: ErrorCode.INVALID_REQUEST }]);
  const resourceName = uniqueName("conform-none");
  like(await alter("retention.ms", "1", { resourceName }), [{
    errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  }]);
});

conform(ListConfigResources, "lists what has configs, by type", async ({ ask, newTopic, version }) => {
  const topic = await newTopic();
  const list = async (...resourceTypes: number[]) => {
    const { errorCode, configResources } = await ask(ListConfigResources, { resourceTypes });
    return { errorCode, listed: configResources.map((one) => `${one.resourceType} ${one.resourceName}`) };
  };
  if (version === 0) {
    const { listed } = await list();
    assert.ok(listed.every((one) => one.startsWith(`${CLIENT_METRICS} `)));
    return;
  }
  const { nodeId } = (await ask(Metadata, { topics: [] })).brokers[0] ?? assert.fail("no broker");
  const [ofTopic, ofNode, ofLogger] = [
    `${TOPIC} ${topic.name}`,
    `${BROKER} ${nodeId}`,
    `${LOGGER} ${nodeId}`,
  ];
  const { errorCode, listed } = await list(BROKER, LOGGER);
  assert.equal(errorCode, ErrorCode.NONE);
  assert.deepEqual(listed.toSorted(), [ofNode, ofLogger]);
  const { listed: topics } = await list(TOPIC);
  assert.ok(topics.includes(ofTopic) && topics.every((one) => one.startsWith(`${TOPIC} `)));
  const { listed: all } = await list();
  for (const one of [ofTopic, ofNode, ofLogger]) assert.ok(all.includes(one), one);
  assert.deepEqual(await list(TOPIC, 3), { errorCode: ErrorCode.UNSUPPORTED_VERSION, listed: [] });
});
