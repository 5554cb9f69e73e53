import assert from "node:assert/strict";
import { DEFAULT_CONFIG } from "../../../../src/broker/config.ts";
import { produce } from "../../../../src/broker/handlers/00_produce.ts";
import { fetch } from "../../../../src/broker/handlers/01_fetch.ts";
import { DEFAULT_LIMITS } from "../../../../src/broker/limits.ts";
import { BrokerState } from "../../../../src/broker/state/broker_state.ts";
import { MemoryStorage } from "../../../../src/broker/state/memory_storage.ts";
import { ErrorCode } from "../../../../src/wire/error_codes.ts";
import { ProduceRequest, ProduceResponse } from "../../../../src/wire/messages/00_produce.ts";
import { FetchRequest, FetchResponse } from "../../../../src/wire/messages/01_fetch.ts";
import { ask } from "../../../support/ask_handler.ts";
import { batchOf } from "../../../support/batches.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

Deno.test("Fetch that waited answers a fault of ours itself: the producer that woke it hears nothing of it", async () => {
  using state = new BrokerState({
    storage: new MemoryStorage(),
    clusterId: "c",
    config: DEFAULT_CONFIG,
    limits: DEFAULT_LIMITS,
    clock: new FakeClock(),
  });
  state.open();
  const { log } = state.topics.create("t", 1, new Map()).partitions[0] ?? assert.fail("no partition");
  const partitions = [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1_000 }];
  const asked = { maxWaitMs: 1_000, minBytes: 1, maxBytes: 1_000, topics: [{ topic: "t", partitions }] };
  const waiting = ask(state, fetch, [FetchRequest, FetchResponse], 12, asked);
  log.read = () => {
    throw new TypeError("a fault of ours");
  };
  const { responses } = await ask(state, produce, [ProduceRequest, ProduceResponse], 9, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 1_000,
    topicData: [{ name: "t", partitionData: [{ index: 0, records: batchOf(["a"]) }] }],
  });
  assert.equal(responses[0]?.partitionResponses[0]?.errorCode, ErrorCode.NONE);
  assert.equal((await waiting).errorCode, ErrorCode.UNKNOWN_SERVER_ERROR);
});
