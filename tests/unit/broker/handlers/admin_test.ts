import assert from "node:assert/strict";
import { type BrokerConfig, DEFAULT_CONFIG } from "../../../../src/broker/config.ts";
import { produce } from "../../../../src/broker/handlers/00_produce.ts";
import { offsetCommit } from "../../../../src/broker/handlers/08_offset_commit.ts";
import { offsetFetch } from "../../../../src/broker/handlers/09_offset_fetch.ts";
import { createTopics } from "../../../../src/broker/handlers/19_create_topics.ts";
import { deleteTopics } from "../../../../src/broker/handlers/20_delete_topics.ts";
import { describeConfigs } from "../../../../src/broker/handlers/32_describe_configs.ts";
import { alterConfigs } from "../../../../src/broker/handlers/33_alter_configs.ts";
import { createPartitions } from "../../../../src/broker/handlers/37_create_partitions.ts";
import { incrementalAlterConfigs } from "../../../../src/broker/handlers/44_incremental_alter_configs.ts";
import { describeTopicPartitions } from "../../../../src/broker/handlers/75_describe_topic_partitions.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../../src/broker/limits.ts";
import { BrokerState } from "../../../../src/broker/state/broker_state.ts";
import { MemoryStorage } from "../../../../src/broker/state/memory_storage.ts";
import { StorageError } from "../../../../src/broker/state/storage.ts";
import { ErrorCode } from "../../../../src/wire/error_codes.ts";
import { ProduceRequest, ProduceResponse } from "../../../../src/wire/messages/00_produce.ts";
import { OffsetCommitRequest, OffsetCommitResponse } from "../../../../src/wire/messages/08_offset_commit.ts";
import { OffsetFetchRequest, OffsetFetchResponse } from "../../../../src/wire/messages/09_offset_fetch.ts";
import { CreateTopicsRequest, CreateTopicsResponse } from "../../../../src/wire/messages/19_create_topics.ts";
import { DeleteTopicsRequest, DeleteTopicsResponse } from "../../../../src/wire/messages/20_delete_topics.ts";
import {
  DescribeConfigsRequest,
  DescribeConfigsResponse,
} from "../../../../src/wire/messages/32_describe_configs.ts";
import { AlterConfigsRequest, AlterConfigsResponse } from "../../../../src/wire/messages/33_alter_configs.ts";
import {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from "../../../../src/wire/messages/37_create_partitions.ts";
import {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from "../../../../src/wire/messages/44_incremental_alter_configs.ts";
import {
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
} from "../../../../src/wire/messages/75_describe_topic_partitions.ts";
import type { Infer } from "../../../../src/wire/schema.ts";
import { ask } from "../../../support/ask_handler.ts";
import { batchOf } from "../../../support/batches.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { RefusingStorage } from "../../../support/refusing_storage.ts";

const TOPIC = 2;
const BROKER = 4;
const SET = 0;

interface Options {
  readonly storage?: MemoryStorage;
  readonly config?: Partial<BrokerConfig>;
  readonly limits?: Partial<Limits>;
}

function opened({ storage = new MemoryStorage(), config = {}, limits = {} }: Options = {}): BrokerState {
  const state = new BrokerState({
    storage,
    clusterId: "c",
    config: { ...DEFAULT_CONFIG, ...config },
    limits: { ...DEFAULT_LIMITS, ...limits },
    clock: new FakeClock(),
  });
  state.open();
  return state;
}

/** Sets one config. @returns the error code */
async function set(
  state: BrokerState,
  type: number,
  resource: string,
  name: string,
  value: string,
): Promise<number> {
  const { responses } = await ask(
    state,
    incrementalAlterConfigs,
    [IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse],
    1,
    {
      resources: [{
        resourceType: type,
        resourceName: resource,
        configs: [{ name, configOperation: SET, value }],
      }],
      validateOnly: false,
    },
  );
  return responses[0]?.errorCode ?? assert.fail("no answer");
}

async function describe(state: BrokerState, type: number, resource: string, name: string) {
  const { results } = await ask(
    state,
    describeConfigs,
    [DescribeConfigsRequest, DescribeConfigsResponse],
    4,
    {
      resources: [{ resourceType: type, resourceName: resource, configurationKeys: [name] }],
    },
  );
  return results[0]?.configs[0]?.value;
}

async function write(state: BrokerState, bytes: number): Promise<number> {
  const { responses } = await ask(state, produce, [ProduceRequest, ProduceResponse], 9, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 1_000,
    topicData: [{ name: "t", partitionData: [{ index: 0, records: batchOf(["x".repeat(bytes)]) }] }],
  });
  return responses[0]?.partitionResponses[0]?.errorCode ?? assert.fail("no answer");
}

Deno.test("IncrementalAlterConfigs is in force at once, for the topic and for the broker's default, also after a restart", async () => {
  using storage = new MemoryStorage();
  {
    using state = opened({ storage });
    state.topics.create("t", 1, new Map());
    assert.equal(await write(state, 1_000), ErrorCode.NONE);
    assert.equal(await set(state, BROKER, "", "message.max.bytes", "500"), ErrorCode.NONE);
    assert.equal(await write(state, 1_000), ErrorCode.MESSAGE_TOO_LARGE);
    assert.equal(await set(state, TOPIC, "t", "max.message.bytes", "2000"), ErrorCode.NONE);
    assert.equal(await write(state, 1_000), ErrorCode.NONE);
    assert.equal(await set(state, BROKER, "1", "max.connections", "3"), ErrorCode.NONE);
    assert.equal(state.limits.maxConnections, 3);
  }
  using state = opened({ storage });
  assert.equal(state.limits.maxConnections, 3);
  assert.equal(await describe(state, TOPIC, "t", "max.message.bytes"), "2000");
  assert.equal(await describe(state, BROKER, "1", "message.max.bytes"), "500");
  assert.equal(await write(state, 1_000), ErrorCode.NONE);
  assert.equal(await write(state, 3_000), ErrorCode.MESSAGE_TOO_LARGE);
});

Deno.test("AlterConfigs changes nothing where the disk fails, and says so", async () => {
  using storage = new MemoryStorage();
  using state = opened({ storage });
  state.topics.create("t", 1, new Map([["retention.ms", "5"]]));
  storage.open("journals/topics.log").append = () => {
    throw new StorageError("No space left on device");
  };
  const { responses } = await ask(state, alterConfigs, [AlterConfigsRequest, AlterConfigsResponse], 2, {
    resources: [{ resourceType: TOPIC, resourceName: "t", configs: [{ name: "retention.ms", value: "7" }] }],
    validateOnly: false,
  });
  assert.equal(responses[0]?.errorCode, ErrorCode.KAFKA_STORAGE_ERROR);
  assert.equal(responses[0]?.errorMessage, "No space left on device");
  assert.equal(await describe(state, TOPIC, "t", "retention.ms"), "5");
});

Deno.test("DescribeConfigs answers no more configs than its limit, whatever a request repeats", async () => {
  using state = opened({ limits: { maxConfigsPerAnswer: 50 } });
  const resource = { resourceType: BROKER, resourceName: "1", configurationKeys: null };
  const { results } = await ask(
    state,
    describeConfigs,
    [DescribeConfigsRequest, DescribeConfigsResponse],
    4,
    {
      resources: [resource, resource, resource],
    },
  );
  assert.deepEqual(results.map(({ errorCode }) => errorCode), [
    ErrorCode.NONE,
    ErrorCode.POLICY_VIOLATION,
    ErrorCode.POLICY_VIOLATION,
  ]);
});

Deno.test("CreateTopics validates no more topics than there is room for", async () => {
  using state = opened({ limits: { maxTopics: 2 } });
  const topics = ["a", "b", "c"].map((name) => ({
    name,
    numPartitions: 1,
    replicationFactor: 1,
    assignments: [],
    configs: [],
  }));
  for (const validateOnly of [true, false]) {
    const answer = await ask(state, createTopics, [CreateTopicsRequest, CreateTopicsResponse], 7, {
      topics,
      timeoutMs: 1_000,
      validateOnly,
    });
    assert.deepEqual(answer.topics.map(({ errorCode }) => errorCode), [
      ErrorCode.NONE,
      ErrorCode.NONE,
      ErrorCode.POLICY_VIOLATION,
    ]);
  }
});

Deno.test("CreatePartitions makes no more partitions than its limits, of a topic and in all", async () => {
  for (const limits of [{ maxPartitionsPerTopic: 4 }, { maxPartitions: 4 }]) {
    using state = opened({ limits });
    const topic = state.topics.create("t", 2, new Map());
    const raise = async (count: number) => {
      const request = {
        topics: [{ name: "t", count, assignments: null }],
        timeoutMs: 1,
        validateOnly: false,
      };
      const { results } = await ask(
        state,
        createPartitions,
        [CreatePartitionsRequest, CreatePartitionsResponse],
        3,
        request,
      );
      return results[0]?.errorCode;
    };
    assert.equal(await raise(5), ErrorCode.POLICY_VIOLATION);
    assert.equal(topic.partitions.length, 2);
    assert.equal(await raise(4), ErrorCode.NONE);
    assert.equal(topic.partitions.length, 4);
  }
});

Deno.test("DeleteTopics refuses where the broker does not allow it", async () => {
  using state = opened({ config: { deleteTopics: false } });
  state.topics.create("t", 1, new Map());
  for (
    const [version, errorCode] of [[1, ErrorCode.INVALID_REQUEST], [5, ErrorCode.TOPIC_DELETION_DISABLED]]
  ) {
    const { responses } = await ask(
      state,
      deleteTopics,
      [DeleteTopicsRequest, DeleteTopicsResponse],
      version ?? 0,
      { topicNames: ["t"], timeoutMs: 1_000 },
    );
    assert.equal(responses[0]?.errorCode, errorCode);
  }
  assert.ok(state.topics.get("t") !== undefined);
});

Deno.test("DeleteTopics leaves a topic with its offsets, or without them none that a new topic inherits, where the disk fails", async () => {
  using storage = new RefusingStorage();
  using state = opened({ storage });
  const remove = async () => {
    const value = { topics: [{ name: "t" }], topicNames: [], timeoutMs: 1_000 };
    const definitions = [DeleteTopicsRequest, DeleteTopicsResponse] as const;
    const { responses } = await ask(state, deleteTopics, [...definitions], 6, value);
    return responses[0]?.errorCode;
  };
  const commit = { offset: 5n, leaderEpoch: -1, metadata: "", committedAtMs: 0, topic: "t", partition: 0 };
  const committed = () => state.offsets.get("g", "t", 0)?.offset;
  const { topicId } = state.topics.create("t", 1, new Map());
  state.offsets.commit("g", [commit]);
  storage.refuse("journals/topics");
  assert.equal(await remove(), ErrorCode.KAFKA_STORAGE_ERROR);
  assert.equal(state.topics.get("t")?.topicId, topicId);
  assert.equal(committed(), 5n);
  storage.refuse("journals/offsets");
  assert.equal(await remove(), ErrorCode.NONE);
  assert.equal(state.topics.get("t"), undefined);
  assert.throws(() => state.topics.create("t", 1, new Map()), StorageError);
  assert.equal(state.topics.get("t"), undefined);
  storage.recover();
  {
    // So it is for the next process.
    using next = opened({ storage });
    next.topics.create("t", 1, new Map());
    assert.equal(next.offsets.hasGroup("g"), false);
  }
});

Deno.test("DescribeTopicPartitions tells every partition once, however small its pages", async () => {
  using state = opened();
  for (const [name, partitions] of [["b", 3], ["a", 1], ["c", 4]] as const) {
    state.topics.create(name, partitions, new Map());
  }
  const all = ["a-0", "b-0", "b-1", "b-2", "c-0", "c-1", "c-2", "c-3"];
  for (const limit of [1, 2, 3, 7, 8, 100]) {
    for (const topics of [[], [{ name: "c" }, { name: "a" }, { name: "b" }]]) {
      assert.deepEqual(await pages(state, topics, limit, null), all, `limit ${limit}`);
    }
  }
});

type Cursor = Infer<typeof DescribeTopicPartitionsResponse>["nextCursor"];

/** The partitions of all pages from a cursor on. */
async function pages(
  state: BrokerState,
  topics: readonly { name: string }[],
  limit: number,
  cursor: Cursor,
): Promise<string[]> {
  const answer = await ask(
    state,
    describeTopicPartitions,
    [DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse],
    0,
    { topics, responsePartitionLimit: limit, cursor },
  );
  const page = answer.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex }) => `${name}-${partitionIndex}`)
  );
  assert.ok(page.length <= limit);
  return answer.nextCursor === null
    ? page
    : [...page, ...await pages(state, topics, limit, answer.nextCursor)];
}

Deno.test("OffsetFetch tells all offsets of a group once, however often they are asked for", async () => {
  using state = opened();
  state.topics.create("t", 1, new Map());
  await ask(state, offsetCommit, [OffsetCommitRequest, OffsetCommitResponse], 8, {
    groupId: "g",
    memberId: "",
    generationIdOrMemberEpoch: -1,
    topics: [{ name: "t", partitions: [{ partitionIndex: 0, committedOffset: 5n, committedMetadata: "" }] }],
  });
  const whole = { groupId: "g", topics: null };
  const { groups } = await ask(state, offsetFetch, [OffsetFetchRequest, OffsetFetchResponse], 8, {
    groups: [whole, whole, { groupId: "g", topics: [{ name: "t", partitionIndexes: [0] }] }],
  });
  assert.deepEqual(groups.map(({ topics }) => topics[0]?.partitions[0]?.committedOffset), [5n, 5n]);
});
