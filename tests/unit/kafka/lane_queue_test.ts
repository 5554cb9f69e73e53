import assert from "node:assert/strict";
import fc from "fast-check";
import { type AcceptedRecord, LaneQueue, recordsPerRequest } from "../../../src/kafka/lane_queue.ts";
import { RECORD_OVERHEAD } from "../../../src/kafka/record_encoder.ts";

Deno.test("recordsPerRequest() keeps requests small on a quick broker, and large on a far one", () => {
  assert.equal(recordsPerRequest(0), 16);
  assert.equal(recordsPerRequest(0.2), 40);
  assert.equal(recordsPerRequest(50), 10_000);
});

function record(bytes: number, deadlineMs = Infinity): AcceptedRecord {
  const nothing = () => {};
  return { body: new Uint8Array(bytes), timestamp: 0, deadlineMs, onDelivered: nothing, onFailed: nothing };
}

Deno.test("LaneQueue.take() gives every record once, in order, within the bytes, and tells apart what is late", () => {
  const sizes = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 300 }), isLate: fc.boolean() }));
  fc.assert(fc.property(sizes, (sizes) => {
    const queue = new LaneQueue();
    const records = sizes.map(({ bytes, isLate }) => record(bytes, isLate ? 0 : Infinity));
    for (const one of records) queue.push(one);
    const late: AcceptedRecord[] = [];
    const taken: AcceptedRecord[] = [];
    while (!queue.isEmpty) {
      const batch = queue.take(500, late);
      const bytes = batch.reduce((sum, { body }) => sum + body.length + RECORD_OVERHEAD, 0);
      assert.ok(batch.length === 1 || bytes <= 500);
      taken.push(...batch);
    }
    assert.deepEqual(taken, records.filter(({ deadlineMs }) => deadlineMs > 0));
    assert.deepEqual(late, records.filter(({ deadlineMs }) => deadlineMs === 0));
  }));
});
