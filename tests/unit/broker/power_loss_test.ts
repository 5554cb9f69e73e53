import assert from "node:assert/strict";
import { DEFAULT_CONFIG } from "../../../src/broker/config.ts";
import { produce } from "../../../src/broker/handlers/00_produce.ts";
import { offsetCommit } from "../../../src/broker/handlers/08_offset_commit.ts";
import { createTopics } from "../../../src/broker/handlers/19_create_topics.ts";
import { deleteTopics } from "../../../src/broker/handlers/20_delete_topics.ts";
import { initProducerId } from "../../../src/broker/handlers/22_init_producer_id.ts";
import { createPartitions } from "../../../src/broker/handlers/37_create_partitions.ts";
import { deleteGroups } from "../../../src/broker/handlers/42_delete_groups.ts";
import { incrementalAlterConfigs } from "../../../src/broker/handlers/44_incremental_alter_configs.ts";
import { offsetDelete } from "../../../src/broker/handlers/47_offset_delete.ts";
import { DEFAULT_LIMITS } from "../../../src/broker/limits.ts";
import { BrokerState } from "../../../src/broker/state/broker_state.ts";
import { FileStorage } from "../../../src/broker/state/file_storage.ts";
import type { Storage } from "../../../src/broker/state/storage.ts";
import { ErrorCode } from "../../../src/wire/error_codes.ts";
import { ProduceRequest, ProduceResponse } from "../../../src/wire/messages/00_produce.ts";
import { OffsetCommitRequest, OffsetCommitResponse } from "../../../src/wire/messages/08_offset_commit.ts";
import { CreateTopicsRequest, CreateTopicsResponse } from "../../../src/wire/messages/19_create_topics.ts";
import { DeleteTopicsRequest, DeleteTopicsResponse } from "../../../src/wire/messages/20_delete_topics.ts";
import {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from "../../../src/wire/messages/22_init_producer_id.ts";
import {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from "../../../src/wire/messages/37_create_partitions.ts";
import {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from "../../../src/wire/messages/44_incremental_alter_configs.ts";
import { OffsetDeleteRequest, OffsetDeleteResponse } from "../../../src/wire/messages/47_offset_delete.ts";
import { ask } from "../../support/ask_handler.ts";
import { DeleteGroupsRequest, DeleteGroupsResponse } from "../../../src/wire/messages/42_delete_groups.ts";
import { batchOf } from "../../support/batches.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { PowerLossStorage } from "../../support/power_loss_storage.ts";

const MAX_OPEN_FILES = 8;

function opened(storage: Storage): BrokerState {
  const config = { ...DEFAULT_CONFIG, fsync: true };
  const state = new BrokerState({
    storage,
    clusterId: "c",
    config,
    limits: DEFAULT_LIMITS,
    clock: new FakeClock(),
  });
  state.open();
  return state;
}

const initOne = async (state: BrokerState) =>
  (await ask(state, initProducerId, [InitProducerIdRequest, InitProducerIdResponse], 4, {
    transactionalId: null,
    transactionTimeoutMs: 1,
  })).producerId;

async function produceOne(state: BrokerState): Promise<void> {
  const answer = await ask(state, produce, [ProduceRequest, ProduceResponse], 9, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 1_000,
    topicData: [{ name: "t", partitionData: [{ index: 0, records: batchOf(["a"]) }] }],
  });
  assert.equal(answer.responses[0]?.partitionResponses[0]?.errorCode, ErrorCode.NONE);
}

async function commitOne(state: BrokerState, committedOffset: bigint): Promise<void> {
  const answer = await ask(state, offsetCommit, [OffsetCommitRequest, OffsetCommitResponse], 8, {
    groupId: "g",
    memberId: "",
    generationIdOrMemberEpoch: -1,
    topics: [{
      name: "t",
      partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: "" }],
    }],
  });
  assert.equal(answer.topics[0]?.partitions[0]?.errorCode, ErrorCode.NONE);
}

async function deleteOne(state: BrokerState): Promise<void> {
  const answer = await ask(state, deleteTopics, [DeleteTopicsRequest, DeleteTopicsResponse], 4, {
    topicNames: ["t"],
    timeoutMs: 1_000,
  });
  assert.equal(answer.responses[0]?.errorCode, ErrorCode.NONE);
}

Deno.test("A power loss takes nothing that was acknowledged in fsync mode", async () => {
  using storage = new PowerLossStorage();
  using before = opened(storage);
  const created = await ask(before, createTopics, [CreateTopicsRequest, CreateTopicsResponse], 7, {
    topics: [{ name: "t", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 1_000,
  });
  assert.equal(created.topics[0]?.errorCode, ErrorCode.NONE);
  assert.equal(opened(storage.left()).topics.get("t")?.topicId, created.topics[0]?.topicId);

  const raised = await ask(before, createPartitions, [CreatePartitionsRequest, CreatePartitionsResponse], 3, {
    topics: [{ name: "t", count: 2, assignments: null }],
    timeoutMs: 1_000,
    validateOnly: false,
  });
  assert.equal(raised.results[0]?.errorCode, ErrorCode.NONE);
  assert.equal(opened(storage.left()).topics.get("t")?.partitions.length, 2);

  for (
    const [resourceType, resourceName, name] of [[2, "t", "retention.ms"], [
      4,
      "1",
      "log.retention.ms",
    ]] as const
  ) {
    const altered = await ask(
      before,
      incrementalAlterConfigs,
      [IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse],
      1,
      {
        resources: [{ resourceType, resourceName, configs: [{ name, configOperation: 0, value: "5" }] }],
        validateOnly: false,
      },
    );
    assert.equal(altered.responses[0]?.errorCode, ErrorCode.NONE);
  }
  assert.equal(opened(storage.left()).topics.get("t")?.overrides.get("retention.ms"), "5");
  assert.equal(opened(storage.left()).configs.topicDefaults["retention.ms"], "5");

  await commitOne(before, 1n);
  const unset = await ask(before, offsetDelete, [OffsetDeleteRequest, OffsetDeleteResponse], 0, {
    groupId: "g",
    topics: [{ name: "t", partitions: [{ partitionIndex: 0 }] }],
  });
  assert.equal(unset.topics[0]?.partitions[0]?.errorCode, ErrorCode.NONE);
  assert.equal(opened(storage.left()).offsets.get("g", "t", 0), undefined);

  await commitOne(before, 1n);
  assert.equal(opened(storage.left()).offsets.get("g", "t", 0)?.offset, 1n);

  const forgotten = await ask(before, deleteGroups, [DeleteGroupsRequest, DeleteGroupsResponse], 2, {
    groupsNames: ["g"],
  });
  assert.equal(forgotten.results[0]?.errorCode, ErrorCode.NONE);
  assert.equal(opened(storage.left()).offsets.get("g", "t", 0), undefined);

  await deleteOne(before);
  assert.equal(opened(storage.left()).topics.get("t"), undefined);
});

Deno.test("A power loss takes no topic that was made by the way, once its records are acknowledged", async () => {
  using storage = new PowerLossStorage();
  using before = opened(storage);
  before.topics.create("t", 1, new Map());
  await produceOne(before);
  assert.equal(opened(storage.left()).topics.get("t")?.partitions[0]?.log.endOffset, 1n);
});

Deno.test("A power loss takes no commit that was acknowledged, when the journal is written anew", async () => {
  using storage = new PowerLossStorage();
  using before = opened(storage);
  before.topics.create("t", 1, new Map());
  // So many lines of the past that the next one has the journal written anew.
  const commit = { topic: "t", partition: 0, offset: 1n, leaderEpoch: -1, metadata: "", committedAtMs: 0 };
  before.offsets.commit("g", Array.from({ length: 10_002 }, () => commit));
  await before.offsets.sync();
  const sizeBytes = storage.open("journals/offsets.log").sizeBytes;
  await commitOne(before, 77n);
  assert.ok(storage.open("journals/offsets.log").sizeBytes < sizeBytes);
  assert.equal(opened(storage.left()).offsets.get("g", "t", 0)?.offset, 77n);
});

Deno.test("A topic that was deleted is gone with its records after a power loss, once that is acknowledged", async () => {
  using storage = new PowerLossStorage();
  using before = opened(storage);
  before.topics.create("t", 1, new Map());
  await produceOne(before);
  assert.equal(storage.left().list("topics").length, 1);
  await deleteOne(before);
  assert.deepEqual(storage.left().list("topics"), []);
});

Deno.test("A record is acknowledged in fsync mode when the folders on the way to it are synced, and not before", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const released = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const left = new Set(["", "/topics", "/topics/ID/0"]);
    using storage = new FileStorage(folder, MAX_OPEN_FILES, async (one) => {
      left.delete(one.replace(folder, "").replace(/[0-9a-f-]{36}/, "ID"));
      if (left.size === 0) asked.resolve();
      if (one.endsWith("/0")) await released.promise;
    });
    using state = opened(storage);
    state.topics.create("t", 1, new Map());
    let isAcknowledged = false;
    const acknowledged = produceOne(state).then(() => isAcknowledged = true);
    await asked.promise;
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.equal(isAcknowledged, false);
    released.resolve();
    await acknowledged;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("A power loss gives no producer id out twice", async () => {
  using storage = new PowerLossStorage();
  using before = opened(storage);
  const first = await initOne(before);
  using after = opened(storage.left());
  assert.ok(await initOne(after) > first);
});
