import assert from "node:assert/strict";
import { DEFAULT_CONFIG } from "../../../src/broker/config.ts";
import { offsetCommit } from "../../../src/broker/handlers/08_offset_commit.ts";
import { deleteTopics } from "../../../src/broker/handlers/20_delete_topics.ts";
import { DEFAULT_LIMITS } from "../../../src/broker/limits.ts";
import { BrokerState } from "../../../src/broker/state/broker_state.ts";
import { MemoryStorage } from "../../../src/broker/state/memory_storage.ts";
import { StorageError } from "../../../src/broker/state/storage.ts";
import { ErrorCode } from "../../../src/wire/error_codes.ts";
import { OffsetCommitRequest, OffsetCommitResponse } from "../../../src/wire/messages/08_offset_commit.ts";
import { DeleteTopicsRequest, DeleteTopicsResponse } from "../../../src/wire/messages/20_delete_topics.ts";
import { ask } from "../../support/ask_handler.ts";
import { FakeClock } from "../../support/fake_clock.ts";

function opened(storage: MemoryStorage, maxCommittedOffsets: number): BrokerState {
  const state = new BrokerState({
    storage,
    clusterId: "c",
    config: DEFAULT_CONFIG,
    limits: { ...DEFAULT_LIMITS, maxCommittedOffsets },
    clock: new FakeClock(),
  });
  state.open();
  state.topics.create("t", 2, new Map());
  return state;
}

async function commit(state: BrokerState, partitionIndex: number, committedOffset: bigint): Promise<number> {
  const answer = await ask(state, offsetCommit, [OffsetCommitRequest, OffsetCommitResponse], 8, {
    groupId: "g",
    memberId: "",
    generationIdOrMemberEpoch: -1,
    topics: [{ name: "t", partitions: [{ partitionIndex, committedOffset, committedMetadata: "" }] }],
  });
  return answer.topics[0]?.partitions[0]?.errorCode ?? assert.fail("no answer for the partition");
}

Deno.test("OffsetCommit goes on for partitions that have an offset, when there is room for no more", async () => {
  using storage = new MemoryStorage();
  using state = opened(storage, 1);
  assert.equal(await commit(state, 0, 1n), ErrorCode.NONE);
  assert.equal(await commit(state, 1, 1n), ErrorCode.POLICY_VIOLATION);
  assert.equal(await commit(state, 0, 2n), ErrorCode.NONE);
  assert.equal(state.offsets.get("g", "t", 0)?.offset, 2n);
});

Deno.test("DeleteTopics has deleted a topic, with what was committed for it, whose files the disk keeps", async () => {
  using storage = new MemoryStorage();
  using state = opened(storage, 10);
  assert.equal(await commit(state, 0, 5n), ErrorCode.NONE);
  storage.remove = () => {
    throw new StorageError("Input/output error");
  };
  const { responses } = await ask(state, deleteTopics, [DeleteTopicsRequest, DeleteTopicsResponse], 4, {
    topicNames: ["t"],
    timeoutMs: 1_000,
  });
  assert.equal(responses[0]?.errorCode, ErrorCode.NONE);
  assert.equal(state.topics.get("t"), undefined);
  assert.equal(state.offsets.get("g", "t", 0), undefined);
});
