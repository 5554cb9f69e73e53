import assert from "node:assert/strict";
import { Metrics, SYNC_BUCKETS_MS } from "../../../src/broker/metrics.ts";
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
  assert.equal(buckets.length, SYNC_BUCKETS_MS.length + 1);
  assert.deepEqual([buckets[0], buckets[SYNC_BUCKETS_MS.indexOf(5)], buckets.at(-1)], [2, 1, 1]);
  assert.equal(sumMs, 60_003.35);
});
