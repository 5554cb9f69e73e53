import assert from "node:assert/strict";
import { DEFAULT_CONFIG } from "../../../../src/broker/config.ts";
import { writeTxnMarkers } from "../../../../src/broker/handlers/27_write_txn_markers.ts";
import { DEFAULT_LIMITS } from "../../../../src/broker/limits.ts";
import { BrokerState } from "../../../../src/broker/state/broker_state.ts";
import { MemoryStorage } from "../../../../src/broker/state/memory_storage.ts";
import type { Storage } from "../../../../src/broker/state/storage.ts";
import { ErrorCode } from "../../../../src/wire/error_codes.ts";
import {
  WriteTxnMarkersRequest,
  WriteTxnMarkersResponse,
} from "../../../../src/wire/messages/27_write_txn_markers.ts";
import { ask } from "../../../support/ask_handler.ts";
import { FailingStorage } from "../../../support/failing_storage.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const PRODUCER = { producerId: 7n, producerEpoch: 2, coordinatorEpoch: 3 };

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

/** Aborts in the one partition of topic `t`. @returns the error code */
async function abort(state: BrokerState, coordinatorEpoch = PRODUCER.coordinatorEpoch) {
  const topics = [{ name: "t", partitionIndexes: [0] }];
  const marker = { ...PRODUCER, coordinatorEpoch, transactionResult: false, topics };
  const { markers } = await ask(
    state,
    writeTxnMarkers,
    [WriteTxnMarkersRequest, WriteTxnMarkersResponse],
    2,
    { markers: [marker] },
  );
  return markers[0]?.topics[0]?.partitions[0]?.errorCode;
}

Deno.test("WriteTxnMarkers answers once the marker is safe: it is known after a restart", async () => {
  using storage = new MemoryStorage();
  {
    using state = opened(storage);
    state.topics.create("t", 1, new Map());
    assert.equal(await abort(state), ErrorCode.NONE);
    assert.equal(state.topics.partition("t", 0)?.highWatermark, 1n);
  }
  using state = opened(storage);
  const activeProducers = state.topics.partition("t", 0)?.activeProducers(0);
  assert.deepEqual(activeProducers?.map(({ coordinatorEpoch }) => coordinatorEpoch), [3]);
  assert.equal(await abort(state, 2), ErrorCode.TRANSACTION_COORDINATOR_FENCED);
});

Deno.test("WriteTxnMarkers says so where the disk does not take a marker", async () => {
  using storage = new MemoryStorage();
  const failing = new FailingStorage(storage, Infinity);
  using state = opened(failing);
  state.topics.create("t", 1, new Map());
  failing.changesLeft = 0;
  assert.equal(await abort(state), ErrorCode.KAFKA_STORAGE_ERROR);
  assert.equal(state.topics.partition("t", 0)?.highWatermark, 0n);
  failing.changesLeft = Infinity;
});
