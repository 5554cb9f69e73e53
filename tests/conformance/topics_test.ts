/** The cluster and its topics: ApiVersions, Metadata, CreateTopics, DeleteTopics, CreatePartitions and what describes them. */
import assert from "node:assert/strict";
import { APIS } from "../../src/wire/apis.ts";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { uniqueName } from "../support/broker.ts";
import { batchOf } from "../support/batches.ts";
import { conform, like, until } from "../support/conform.ts";
import {
  ApiVersions,
  CreatePartitions,
  CreateTopics,
  DeleteTopics,
  DescribeCluster,
  DescribeLogDirs,
  DescribeTopicPartitions,
  FindCoordinator,
  Metadata,
  Produce,
  SaslAuthenticate,
  SaslHandshake,
} from "../support/wire_pairs.ts";
import { produceOf } from "./requests.ts";

const NO_ID = "00000000-0000-0000-0000-000000000000";
const UNKNOWN_ID = "00000000-0000-4000-8000-00000000c0de";
const CONTROL_BYTE_ID = "00000000-0000-4000-8000-000000000007";
const NO_OPERATIONS = -2147483648;
const METADATA_BY_ID = 12;
const TOO_LONG = "t".repeat(250);

conform(
  ApiVersions,
  "lists each API with the versions that Apache Kafka 4.3.1 serves",
  async ({ ask, version }) => {
    const answer = await ask(ApiVersions, { clientSoftwareName: "conform", clientSoftwareVersion: "1.0" });
    assert.equal(answer.errorCode, ErrorCode.NONE);
    const listed = answer.apiKeys
      .filter(({ apiKey }) => APIS.has(apiKey))
      .map(({ apiKey, minVersion, maxVersion }) => `${apiKey}: ${minVersion}-${maxVersion}`);
    const expected = [...APIS.values()].map(({ request: { apiKey, minVersion, maxVersion } }) =>
      `${apiKey}: ${LISTED.get(apiKey) ?? `${minVersion}-${maxVersion}`}`
    );
    assert.deepEqual(listed.sort(), expected.sort(), `v${version}`);
  },
);
/** Where the list says other than the definition. */
const LISTED = new Map([
  // Since KAFKA-18659, for librdkafka's sake.
  [0, "0-13"],
  // The newest version is not stable.
  [22, "0-5"],
]);

conform(ApiVersions, "refuses a client without a name", async ({ ask }) => {
  like(await ask(ApiVersions, { clientSoftwareName: "", clientSoftwareVersion: "" }), {
    errorCode: ErrorCode.INVALID_REQUEST,
  });
}, { versions: [3, 4] });

conform(Metadata, "describes topics by name", async ({ ask, newTopic, version }) => {
  const topic = await newTopic({ partitions: 2 });
  const answer = await ask(Metadata, { topics: [{ name: topic.name }] });
  const [{ nodeId } = { nodeId: -1 }] = answer.brokers;
  assert.equal(answer.brokers.length, 1);
  const since = <T>(first: number, value: T, before: T) => version >= first ? value : before;
  like(answer, {
    controllerId: since(1, nodeId, -1),
    clusterOf: undefined,
    topics: [{
      errorCode: ErrorCode.NONE,
      name: topic.name,
      topicId: since(10, topic.topicId, NO_ID),
      isInternal: false,
      partitions: undefined,
      topicAuthorizedOperations: NO_OPERATIONS,
    }],
    clusterAuthorizedOperations: NO_OPERATIONS,
  });
  const partitions = answer.topics[0]?.partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex);
  like(
    partitions,
    [0, 1].map((partitionIndex) => ({
      errorCode: ErrorCode.NONE,
      partitionIndex,
      leaderId: nodeId,
      leaderEpoch: since(7, 0, -1),
      replicaNodes: [nodeId],
      isrNodes: [nodeId],
      offlineReplicas: [],
    })),
  );
});

conform(Metadata, "answers for topics that are not there, or cannot be", async ({ ask, version }) => {
  const of = async (name: string) =>
    (await ask(Metadata, { topics: [{ name }], allowAutoTopicCreation: false })).topics;
  const name = uniqueName("conform-none");
  like(await of(name), [{ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, name, partitions: [] }]);
  for (const bad of ["a b", TOO_LONG, ".."]) {
    like(await of(bad), [{ errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, name: bad, partitions: [] }]);
  }
  if (version < METADATA_BY_ID) return;
  const topics = [{ name: null, topicId: UNKNOWN_ID }];
  like((await ask(Metadata, { topics, allowAutoTopicCreation: false })).topics, [{
    errorCode: ErrorCode.UNKNOWN_TOPIC_ID,
    name: null,
    topicId: UNKNOWN_ID,
    partitions: [],
  }]);
}, { versions: [4, 8, 13] });

conform(Metadata, "describes topics by id", async ({ ask, newTopic }) => {
  const { name, topicId } = await newTopic();
  const { topics } = await ask(Metadata, { topics: [{ name: null, topicId }] });
  like(topics, [{ errorCode: ErrorCode.NONE, name, topicId, partitions: [{ partitionIndex: 0 }] }]);
}, { versions: [12, 13] });

conform(Metadata, "gives all topics, none, and who may do what", async ({ ask, newTopic, version }) => {
  const { name } = await newTopic();
  const all = await ask(Metadata, { topics: version === 0 ? [] : null });
  assert.ok(all.topics.some((topic) => topic.name === name));
  if (version > 0) like(await ask(Metadata, { topics: [] }), { topics: [] });
  if (version < 8) return;
  const answer = await ask(Metadata, {
    topics: [{ name }],
    includeTopicAuthorizedOperations: true,
    includeClusterAuthorizedOperations: version <= 10,
  });
  // READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS.
  assert.equal(answer.topics[0]?.topicAuthorizedOperations, 0b110111111000);
}, { versions: [0, 1, 8, 10, 13] });

function creation(name: string, more: { numPartitions?: number; replicationFactor?: number } = {}) {
  return { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...more };
}

conform(CreateTopics, "makes topics, and says what they are", async ({ ask, version }) => {
  const name = uniqueName("conform");
  const configs = [{ name: "retention.ms", value: "60000" }];
  const answer = await ask(CreateTopics, { topics: [{ ...creation(name, { numPartitions: 3 }), configs }] });
  like(answer.topics, [{
    name,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    numPartitions: version >= 5 ? 3 : -1,
    replicationFactor: version >= 5 ? 1 : -1,
    topicConfigErrorCode: 0,
  }]);
  if (version >= 7) assert.notEqual(answer.topics[0]?.topicId, NO_ID);
  if (version < 5) return;
  const retention = answer.topics[0]?.configs?.find((config) => config.name === "retention.ms");
  like(retention, { value: "60000", readOnly: false, configSource: 1, isSensitive: false });
});

conform(CreateTopics, "takes the broker's defaults", async ({ ask, version }) => {
  const name = uniqueName("conform");
  const topic = creation(name, { numPartitions: -1, replicationFactor: -1 });
  const { topics } = await ask(CreateTopics, { topics: [topic] });
  like(topics, [{
    errorCode: 0,
    numPartitions: version >= 5 ? 1 : -1,
    replicationFactor: version >= 5 ? 1 : -1,
  }]);
}, { versions: [4, 5, 7] });

conform(CreateTopics, "makes none that is only to be validated", async ({ ask }) => {
  const name = uniqueName("conform");
  like((await ask(CreateTopics, { topics: [creation(name)], validateOnly: true })).topics, [{
    errorCode: 0,
  }]);
  const { topics } = await ask(Metadata, { topics: [{ name }], allowAutoTopicCreation: false });
  like(topics, [{ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }]);
});

conform(CreateTopics, "refuses what cannot be", async ({ ask, newTopic, version }) => {
  const { name: present } = await newTopic();
  const codes = async (topics: ReturnType<typeof creation>[]) =>
    (await ask(CreateTopics, { topics })).topics.map(({ errorCode }) => errorCode);
  const name = uniqueName("conform");
  assert.deepEqual(await codes([creation(present)]), [ErrorCode.TOPIC_ALREADY_EXISTS]);
  for (const bad of ["a b", "", ".", "..", TOO_LONG]) {
    assert.deepEqual(await codes([creation(bad)]), [ErrorCode.INVALID_TOPIC_EXCEPTION], `'${bad}'`);
  }
  for (const numPartitions of [0, -2]) {
    assert.deepEqual(await codes([creation(name, { numPartitions })]), [ErrorCode.INVALID_PARTITIONS]);
  }
  for (const replicationFactor of [0, 9]) {
    assert.deepEqual(await codes([creation(name, { replicationFactor })]), [
      ErrorCode.INVALID_REPLICATION_FACTOR,
    ]);
  }
  assert.deepEqual(await codes([creation(name), creation(name)]), [ErrorCode.INVALID_REQUEST]);
  for (
    const [key, value] of [["no.such.config", "1"], ["retention.ms", "soon"], ["cleanup.policy", "burn"]]
  ) {
    const configs = [{ name: key ?? "", value: value ?? "" }];
    const { topics } = await ask(CreateTopics, { topics: [{ ...creation(name), configs }] });
    like(topics, [{ name, errorCode: ErrorCode.INVALID_CONFIG, topicId: version >= 7 ? NO_ID : undefined }]);
  }
});

conform(CreateTopics, "refuses a name that collides with another in metrics", async ({ ask }) => {
  const name = uniqueName("conform");
  like((await ask(CreateTopics, { topics: [creation(`${name}.a`)] })).topics, [{ errorCode: 0 }]);
  const { topics } = await ask(CreateTopics, { topics: [creation(`${name}_a`)] });
  like(topics, [{ errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION }]);
});

conform(CreateTopics, "does not make Kafka's own topics", async ({ ask, newGroup, newTransactionalId }) => {
  // They are there from when they are needed first.
  await newGroup();
  await newTransactionalId();
  const make = async (name: string) => (await ask(CreateTopics, { topics: [creation(name)] })).topics;
  for (const name of ["__consumer_offsets", "__transaction_state"]) {
    like(await make(name), [{ name, errorCode: ErrorCode.TOPIC_ALREADY_EXISTS }]);
  }
  like(await make("__cluster_metadata"), [{ errorCode: ErrorCode.INVALID_REQUEST }]);
});

conform(CreateTopics, "makes none of more partitions than are served", async ({ ask }) => {
  const name = uniqueName("conform");
  const { topics } = await ask(CreateTopics, { topics: [creation(name, { numPartitions: 10_001 })] });
  like(topics, [{ name, errorCode: ErrorCode.POLICY_VIOLATION }]);
});

conform(CreateTopics, "takes assignments", async ({ ask }) => {
  const [{ nodeId } = { nodeId: -1 }] = (await ask(Metadata, { topics: [] })).brokers;
  const assigned = (brokers: number[][]) => ({
    ...creation(uniqueName("conform"), { numPartitions: -1, replicationFactor: -1 }),
    assignments: brokers.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
  });
  const code = async (topic: ReturnType<typeof assigned>) =>
    (await ask(CreateTopics, { topics: [topic] })).topics[0]?.errorCode;
  assert.equal(await code(assigned([[nodeId], [nodeId]])), ErrorCode.NONE);
  assert.equal(await code(assigned([[nodeId + 7]])), ErrorCode.INVALID_REPLICA_ASSIGNMENT);
  assert.equal(await code(assigned([[nodeId, nodeId]])), ErrorCode.INVALID_REPLICA_ASSIGNMENT);
  assert.equal(await code(assigned([[]])), ErrorCode.INVALID_REPLICA_ASSIGNMENT);
  assert.equal(await code({ ...assigned([[nodeId]]), numPartitions: 1 }), ErrorCode.INVALID_REQUEST);
});

conform(DeleteTopics, "deletes topics", async ({ ask, newTopic, version }) => {
  const { name } = await newTopic();
  const remove = async (name: string) => {
    const value = { topics: [{ name }], topicNames: [name], timeoutMs: 5_000 };
    return (await ask(DeleteTopics, value)).responses;
  };
  like(await remove(name), [{
    name,
    errorCode: ErrorCode.NONE,
    errorMessage: version >= 5 ? null : undefined,
  }]);
  await until(async () => {
    const { topics } = await ask(Metadata, { topics: [{ name }], allowAutoTopicCreation: false });
    return topics[0]?.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  });
  like(await remove(name), [{ name, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }]);
});

conform(DeleteTopics, "deletes topics by id", async ({ ask, newTopic }) => {
  const { name, topicId } = await newTopic();
  const remove = async (topicId: string) =>
    (await ask(DeleteTopics, { topics: [{ name: null, topicId }], timeoutMs: 5_000 })).responses;
  like(await remove(topicId), [{ name, topicId, errorCode: ErrorCode.NONE }]);
  like(await remove(UNKNOWN_ID), [{
    name: null,
    topicId: UNKNOWN_ID,
    errorCode: ErrorCode.UNKNOWN_TOPIC_ID,
  }]);
  like(await remove(topicId), [{ name: null, topicId, errorCode: ErrorCode.UNKNOWN_TOPIC_ID }]);
  const both = [{ name: "a", topicId: CONTROL_BYTE_ID }];
  like((await ask(DeleteTopics, { topics: both, timeoutMs: 5_000 })).responses, [{
    errorCode: ErrorCode.INVALID_REQUEST,
  }]);
}, { versions: [6] });

conform(CreatePartitions, "adds partitions, and takes none away", async ({ ask, newTopic }) => {
  const { name } = await newTopic({ partitions: 2 });
  const add = async (count: number, { topic = name, validateOnly = false } = {}) => {
    const topics = [{ name: topic, count, assignments: null }];
    return (await ask(CreatePartitions, { topics, timeoutMs: 5_000, validateOnly })).results;
  };
  const partitions = async () => (await ask(Metadata, { topics: [{ name }] })).topics[0]?.partitions.length;
  like(await add(4, { validateOnly: true }), [{ name, errorCode: ErrorCode.NONE, errorMessage: null }]);
  assert.equal(await partitions(), 2);
  like(await add(3), [{ name, errorCode: ErrorCode.NONE, errorMessage: null }]);
  await until(async () => await partitions() === 3);
  for (const count of [3, 1, 0, -1]) like(await add(count), [{ errorCode: ErrorCode.INVALID_PARTITIONS }]);
  const topic = uniqueName("conform-none");
  like(await add(3, { topic }), [{ name: topic, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }]);
  const twice = [{ name, count: 9, assignments: null }, { name, count: 9, assignments: null }];
  const answer = await ask(CreatePartitions, { topics: twice, timeoutMs: 5_000, validateOnly: false });
  like(answer.results, [{ name, errorCode: ErrorCode.INVALID_REQUEST }]);
  const assignments = [{ brokerIds: [99] }];
  const assigned = { topics: [{ name, count: 4, assignments }], timeoutMs: 5_000, validateOnly: true };
  like((await ask(CreatePartitions, assigned)).results, [{
    errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT,
  }]);
});

conform(DescribeCluster, "names the cluster and its broker", async ({ ask, version, address }) => {
  const answer = await ask(DescribeCluster, { includeClusterAuthorizedOperations: false });
  const [broker] = answer.brokers;
  like(answer, {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    endpointType: 1,
    controllerId: broker?.brokerId,
    brokers: [{ rack: null, isFenced: version >= 2 ? false : undefined }],
    clusterAuthorizedOperations: NO_OPERATIONS,
  });
  assert.equal(`${broker?.host}:${broker?.port}`, address);
  assert.equal(answer.clusterId, (await ask(Metadata, { topics: [] })).clusterId);
  const asked = await ask(DescribeCluster, { includeClusterAuthorizedOperations: true });
  // CREATE, ALTER, DESCRIBE, CLUSTER_ACTION, DESCRIBE_CONFIGS, ALTER_CONFIGS, IDEMPOTENT_WRITE, and those of tokens.
  assert.equal(asked.clusterAuthorizedOperations & 0b1111100100000, 0b1111100100000);
});

conform(DescribeCluster, "answers for brokers only", async ({ ask }) => {
  const endpointType = 2;
  like(await ask(DescribeCluster, { includeClusterAuthorizedOperations: false, endpointType }), {
    errorCode: ErrorCode.MISMATCHED_ENDPOINT_TYPE,
    brokers: [],
  });
}, { versions: [1, 2] });

conform(DescribeTopicPartitions, "describes partitions page by page", async ({ ask, newTopic }) => {
  const topics = [await newTopic({ partitions: 3 }), await newTopic()].toSorted((a, b) =>
    a.name < b.name ? -1 : 1
  );
  const three = (await ask(Metadata, { topics: topics.map(({ name }) => ({ name })) })).topics
    .find(({ partitions }) => partitions.length === 3)?.name ?? "";
  const one = topics.find(({ name }) => name !== three)?.name ?? "";
  const all = await ask(DescribeTopicPartitions, { topics: [{ name: three }] });
  const node = all.topics[0]?.partitions[0]?.leaderId ?? -1;
  like(all, {
    nextCursor: null,
    topics: [{
      errorCode: ErrorCode.NONE,
      name: three,
      isInternal: false,
      partitions: [0, 1, 2].map((partitionIndex) => ({
        errorCode: ErrorCode.NONE,
        partitionIndex,
        leaderId: node,
        leaderEpoch: 0,
        replicaNodes: [node],
        isrNodes: [node],
        eligibleLeaderReplicas: [],
        lastKnownElr: [],
        offlineReplicas: [],
      })),
    }],
  });
  // READ … ALTER_CONFIGS: without being asked.
  assert.equal(all.topics[0]?.topicAuthorizedOperations, 0b110111111000);
  const page = await ask(DescribeTopicPartitions, { topics: [{ name: three }], responsePartitionLimit: 2 });
  like(page, {
    nextCursor: { topicName: three, partitionIndex: 2 },
    topics: [{ partitions: [{ partitionIndex: 0 }, { partitionIndex: 1 }] }],
  });
  const cursor = page.nextCursor;
  const rest = await ask(DescribeTopicPartitions, {
    topics: [{ name: three }],
    responsePartitionLimit: 2,
    cursor,
  });
  like(rest, { nextCursor: null, topics: [{ partitions: [{ partitionIndex: 2 }] }] });
  const both = await ask(DescribeTopicPartitions, { topics: [{ name: three }, { name: one }] });
  assert.deepEqual(both.topics.map(({ name }) => name), [one, three].toSorted());
});

conform(DescribeTopicPartitions, "tells of topics that are not there", async ({ ask }) => {
  const name = uniqueName("conform-none");
  like(await ask(DescribeTopicPartitions, { topics: [{ name }, { name: "a b" }] }), {
    nextCursor: null,
    topics: [
      { name: "a b", errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, partitions: [] },
      { name, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, topicId: NO_ID, partitions: [] },
    ],
  });
});

conform(DescribeLogDirs, "tells how large partitions are", async ({ ask, newTopic, version }) => {
  const topic = await newTopic({ partitions: 2 });
  const records = batchOf(["a", "b"]);
  await ask(Produce, produceOf(topic, records));
  const topics = [{ topic: topic.name, partitions: [0] }];
  const { errorCode, results } = await ask(DescribeLogDirs, { topics });
  assert.equal(errorCode, ErrorCode.NONE);
  like(results, [{
    errorCode: ErrorCode.NONE,
    topics: [{
      name: topic.name,
      partitions: [{
        partitionIndex: 0,
        partitionSize: BigInt(records.length),
        offsetLag: 0n,
        isFutureKey: false,
      }],
    }],
    isCordoned: false,
  }]);
  if (version >= 4) assert.ok((results[0]?.totalBytes ?? 0n) >= (results[0]?.usableBytes ?? 1n));
  const all = await ask(DescribeLogDirs, { topics: null });
  assert.ok(
    all.results[0]?.topics.some(({ name, partitions }) => name === topic.name && partitions.length === 2),
  );
  const none = await ask(DescribeLogDirs, {
    topics: [{ topic: uniqueName("conform-none"), partitions: [0] }],
  });
  like(none.results, [{ errorCode: ErrorCode.NONE, topics: [] }]);
});

conform(
  FindCoordinator,
  "finds the broker for groups and transactions",
  async ({ ask, address, newGroup, version }) => {
    const group = await newGroup();
    const found = async (keyType: number) => {
      const answer = await ask(FindCoordinator, { key: group, keyType, coordinatorKeys: [group] });
      return version >= 4 ? answer.coordinators : [{ ...answer, key: group }];
    };
    for (const keyType of version === 0 ? [0] : [0, 1]) {
      await until(async () => (await found(keyType))[0]?.errorCode === ErrorCode.NONE);
      const [coordinator] = await found(keyType);
      assert.equal(`${coordinator?.host}:${coordinator?.port}`, address);
      assert.equal(coordinator?.key, group);
    }
  },
  {},
);

conform(FindCoordinator, "answers for several groups at once", async ({ ask, newGroup }) => {
  await newGroup();
  const keys = ["a", "b", "c"].map(uniqueName);
  const { coordinators } = await ask(FindCoordinator, { keyType: 0, coordinatorKeys: keys });
  like(coordinators, keys.map((key) => ({ key, errorCode: ErrorCode.NONE })));
}, { versions: [4, 5, 6] });

conform(FindCoordinator, "refuses a type of key that there is not", async ({ ask, version }) => {
  const answer = await ask(FindCoordinator, { key: "a", keyType: 9, coordinatorKeys: ["a"] });
  const [found] = version >= 4 ? answer.coordinators : [answer];
  like(found, { errorCode: ErrorCode.INVALID_REQUEST, nodeId: -1, host: "", port: -1 });
}, { versions: [1, 3, 6] });

conform(SaslHandshake, "is not for a listener without SASL", async ({ ask }) => {
  like(await ask(SaslHandshake, { mechanism: "PLAIN" }), {
    errorCode: ErrorCode.ILLEGAL_SASL_STATE,
    mechanisms: [],
  });
});

conform(SaslAuthenticate, "is not for a listener without SASL", async ({ ask }) => {
  like(await ask(SaslAuthenticate, { authBytes: new Uint8Array() }), {
    errorCode: ErrorCode.ILLEGAL_SASL_STATE,
  });
});
