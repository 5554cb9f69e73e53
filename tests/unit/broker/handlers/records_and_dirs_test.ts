import assert from "node:assert/strict";
import { DEFAULT_CONFIG } from "../../../../src/broker/config.ts";
import { deleteRecords } from "../../../../src/broker/handlers/21_delete_records.ts";
import { describeLogDirs } from "../../../../src/broker/handlers/35_describe_log_dirs.ts";
import { DEFAULT_LIMITS } from "../../../../src/broker/limits.ts";
import { BrokerState } from "../../../../src/broker/state/broker_state.ts";
import { MemoryStorage } from "../../../../src/broker/state/memory_storage.ts";
import type { Storage } from "../../../../src/broker/state/storage.ts";
import { ErrorCode } from "../../../../src/wire/error_codes.ts";
import {
  DeleteRecordsRequest,
  DeleteRecordsResponse,
} from "../../../../src/wire/messages/21_delete_records.ts";
import {
  DescribeLogDirsRequest,
  DescribeLogDirsResponse,
} from "../../../../src/wire/messages/35_describe_log_dirs.ts";
import { ask } from "../../../support/ask_handler.ts";
import { batchOf } from "../../../support/batches.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { PowerLossStorage } from "../../../support/power_loss_storage.ts";

const NOW_MS = 1_700_000_000_000;

function opened(storage: Storage): BrokerState {
  const state = new BrokerState({
    storage,
    clusterId: "c",
    config: DEFAULT_CONFIG,
    limits: DEFAULT_LIMITS,
    clock: new FakeClock(),
  });
  state.open();
  return state;
}

function fill(state: BrokerState, name: string, count: number): void {
  const topic = state.topics.get(name) ?? state.topics.create(name, 1, new Map());
  for (let i = 0; i < count; i++) {
    topic.partitions[0]?.append(batchOf([`${i}`]), topic.config, NOW_MS);
  }
}

async function deleteBefore(state: BrokerState, name: string, partitionIndex: number, offset: bigint) {
  const answer = await ask(state, deleteRecords, [DeleteRecordsRequest, DeleteRecordsResponse], 2, {
    topics: [{ name, partitions: [{ partitionIndex, offset }] }],
    timeoutMs: 1_000,
  });
  const { errorCode, lowWatermark } = answer.topics[0]?.partitions[0] ?? assert.fail();
  return [errorCode, lowWatermark];
}

Deno.test("DeleteRecords moves the start of a partition, to the high watermark with -1, and not back", async () => {
  using state = opened(new MemoryStorage());
  fill(state, "t", 5);
  assert.deepEqual(await deleteBefore(state, "t", 0, 3n), [ErrorCode.NONE, 3n]);
  assert.deepEqual(await deleteBefore(state, "t", 0, 1n), [ErrorCode.NONE, 3n]);
  assert.deepEqual(await deleteBefore(state, "t", 0, -1n), [ErrorCode.NONE, 5n]);
});

Deno.test("DeleteRecords says what it cannot do", async () => {
  using state = opened(new MemoryStorage());
  fill(state, "t", 5);
  state.topics.create("compacted", 1, new Map([["cleanup.policy", "compact"]]));
  assert.deepEqual(await deleteBefore(state, "t", 0, 6n), [ErrorCode.OFFSET_OUT_OF_RANGE, -1n]);
  assert.deepEqual(await deleteBefore(state, "t", 0, -2n), [ErrorCode.OFFSET_OUT_OF_RANGE, -1n]);
  assert.deepEqual(await deleteBefore(state, "t", 1, 0n), [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1n]);
  assert.deepEqual(await deleteBefore(state, "no", 0, 0n), [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1n]);
  assert.deepEqual(await deleteBefore(state, "compacted", 0, 0n), [ErrorCode.POLICY_VIOLATION, -1n]);
});

Deno.test("DeleteRecords is safe from a power loss when it is answered", async () => {
  using storage = new PowerLossStorage();
  using state = opened(storage);
  fill(state, "t", 5);
  await state.topics.sync();
  await deleteBefore(state, "t", 0, 3n);
  using after = opened(storage.left());
  assert.equal(after.topics.get("t")?.partitions[0]?.log.startOffset, 3n);
});

Deno.test("DescribeLogDirs tells the sizes of what is asked for and there", async () => {
  using state = opened(new MemoryStorage());
  fill(state, "a", 3);
  fill(state, "b", 0);
  const messages = [DescribeLogDirsRequest, DescribeLogDirsResponse] as const;
  for (const version of [1, 4, 5]) {
    const all = await ask(state, describeLogDirs, [...messages], version, { topics: null });
    assert.deepEqual(all.results.map(({ logDir, errorCode }) => [logDir, errorCode]), [[
      "memory",
      ErrorCode.NONE,
    ]]);
    assert.deepEqual(all.results[0]?.topics, [
      {
        name: "a",
        partitions: [{
          partitionIndex: 0,
          partitionSize: BigInt(3 * batchOf(["0"]).length),
          offsetLag: 0n,
          isFutureKey: false,
        }],
      },
      {
        name: "b",
        partitions: [{ partitionIndex: 0, partitionSize: 0n, offsetLag: 0n, isFutureKey: false }],
      },
    ]);
  }
  const some = await ask(state, describeLogDirs, [...messages], 4, {
    topics: [{ topic: "b", partitions: [0, 7] }, { topic: "no", partitions: [0] }],
  });
  assert.deepEqual(
    some.results[0]?.topics.map((
      { name, partitions },
    ) => [name, partitions.map((one) => one.partitionIndex)]),
    [["b", [0]]],
  );
});
