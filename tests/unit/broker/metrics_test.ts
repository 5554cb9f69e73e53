import assert from "node:assert/strict";
import { DURATION_BUCKETS_MS } from "../../../src/broker/durations.ts";
import { Metrics } from "../../../src/broker/metrics.ts";
import { ErrorCode } from "../../../src/wire/error_codes.ts";
import { batchOf } from "../../support/batches.ts";

const PRODUCE = 0;
const ADD_PARTITIONS_TO_TXN = 24;
const HEARTBEAT = 12;

Deno.test("Metrics.answered() counts every error code of an answer, however deep, and no NONE", () => {
  const metrics = new Metrics();
  const partitionResponses = [
    ErrorCode.NONE,
    ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ]
    .map((errorCode, index) => ({ index, errorCode }));
  metrics.answered(PRODUCE, {
    responses: [{ name: "a", partitionResponses }, { name: "b", partitionResponses: [] }],
  });
  metrics.answered(HEARTBEAT, { errorCode: ErrorCode.ILLEGAL_GENERATION });
  metrics.answered(HEARTBEAT, { errorCode: ErrorCode.NONE });
  metrics.answered(ADD_PARTITIONS_TO_TXN, {
    resultsByTopicV3AndBelow: [{ resultsByPartition: [{ partitionErrorCode: ErrorCode.INVALID_TXN_STATE }] }],
  });
  assert.deepEqual(metrics.errors, [
    { api: "Produce", error: "NOT_LEADER_OR_FOLLOWER", count: 2 },
    { api: "Heartbeat", error: "ILLEGAL_GENERATION", count: 1 },
    { api: "AddPartitionsToTxn", error: "INVALID_TXN_STATE", count: 1 },
  ]);
});

Deno.test("Metrics.appended() counts the records that a batch holds, and its bytes", () => {
  const metrics = new Metrics();
  const batch = batchOf(["a", "b", "c"]);
  metrics.appended(batch);
  metrics.appended(batchOf(["d"], { compression: "gzip" }));
  assert.equal(metrics.recordsTotal, 4);
  assert.ok(metrics.recordBytes > batch.length);
});

Deno.test("Metrics.synced() puts each round of fsync into its bucket", () => {
  const metrics = new Metrics();
  for (const ms of [0.1, 0.25, 3, 60_000]) metrics.synced(ms);
  const { buckets, sumMs } = metrics.syncs;
  assert.equal(buckets.length, DURATION_BUCKETS_MS.length + 1);
  assert.deepEqual(buckets.slice(0, 2), [1, 1]);
  assert.deepEqual([buckets[DURATION_BUCKETS_MS.indexOf(5)], buckets.at(-1)], [1, 1]);
  assert.equal(sumMs, 60_003.35);
});

Deno.test("Metrics.served() tells how long the requests of each API took, of those that came", () => {
  const metrics = new Metrics();
  assert.equal(metrics.durations.length, 0);
  for (const ms of [0, 0.1, 7]) metrics.served(PRODUCE, ms);
  metrics.served(HEARTBEAT, 5_001);
  assert.equal(metrics.durations.length, 2);
  const [produce, heartbeat] = metrics.durations;
  assert.deepEqual([produce?.api, produce?.buckets[0], produce?.sumMs], ["Produce", 2, 7.1]);
  assert.equal(produce?.buckets[DURATION_BUCKETS_MS.indexOf(10)], 1);
  assert.deepEqual([heartbeat?.api, heartbeat?.buckets.at(-1)], ["Heartbeat", 1]);
});
