import assert from "node:assert/strict";
import fc from "fast-check";
import { LogProducers } from "../../../../src/broker/state/log_producers.ts";
import { readBatchHeader } from "../../../../src/wire/record_batch.ts";
import { batchOf } from "../../../support/batches.ts";

const OPTIONS = { max: 100, expirationMs: 1_000_000 };

function headerAt(producerId: bigint, sequence: number, baseOffset: bigint, attributes: number) {
  const batch = batchOf(["x"], { producerId, producerEpoch: 0, baseSequence: sequence });
  return { ...readBatchHeader(batch), baseOffset, attributes };
}

Deno.test("LogProducers.restore() gives back all that snapshot() wrote, wherever it was taken", () => {
  const step = fc.record({ producer: fc.nat(3), kind: fc.constantFrom("plain", "data", "commit", "abort") });
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), fc.nat(40), (steps, cut) => {
    const whole = new LogProducers(OPTIONS);
    let restored = new LogProducers(OPTIONS);
    let offset = 0n;
    for (const [i, { producer, kind }] of steps.entries()) {
      if (i === cut) {
        const next = new LogProducers(OPTIONS);
        assert.equal(next.restore(restored.snapshot()), true);
        restored = next;
      }
      for (const one of [whole, restored]) {
        const header = headerAt(BigInt(producer), i, offset, kind === "plain" ? 0 : 0x10);
        if (kind === "plain" || kind === "data") one.appended(header, i);
        else one.ended(header, { isCommit: kind === "commit", coordinatorEpoch: 0 }, i);
      }
      offset++;
      assert.equal(restored.states.firstUnstableOffset, whole.states.firstUnstableOffset);
    }
    assert.deepEqual(restored.snapshot(), whole.snapshot());
    assert.deepEqual(restored.aborted.between(0n, offset), whole.aborted.between(0n, offset));
    assert.deepEqual(restored.states.active(0), whole.states.active(0));
  }));
});

Deno.test("LogProducers.restore() refuses what is no snapshot, and then knows nothing", () => {
  const producers = new LogProducers(OPTIONS);
  producers.appended(headerAt(1n, 0, 0n, 0x10), 0);
  const good = producers.snapshot();
  for (let length = 0; length < good.length; length++) {
    assert.equal(producers.restore(good.subarray(0, length)), false);
    assert.equal(producers.states.size, 0);
  }
  assert.equal(producers.restore(new Uint8Array([...good, 0])), false);
  assert.equal(producers.restore(good), true);
  assert.equal(producers.states.firstUnstableOffset, 0n);
});
