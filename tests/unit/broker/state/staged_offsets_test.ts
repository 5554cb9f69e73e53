import assert from "node:assert/strict";
import type { OffsetCommit } from "../../../../src/broker/state/committed_offset.ts";
import { CommittedOffsets } from "../../../../src/broker/state/committed_offsets.ts";
import { MemoryStorage } from "../../../../src/broker/state/memory_storage.ts";

function opened(storage: MemoryStorage): CommittedOffsets {
  const offsets = new CommittedOffsets(storage);
  assert.deepEqual(offsets.open(), []);
  return offsets;
}

function commit(offset: bigint, partition = 0): OffsetCommit {
  return { topic: "t", partition, offset, leaderEpoch: -1, metadata: "", committedAtMs: 1 };
}

/** The same on what is held and on what a restart reads. */
function both(storage: MemoryStorage, offsets: CommittedOffsets, look: (offsets: CommittedOffsets) => void) {
  look(offsets);
  look(opened(storage));
}

Deno.test("CommittedOffsets.stage() is not seen before finish() commits it, also across a restart", () => {
  const storage = new MemoryStorage();
  const offsets = opened(storage);
  offsets.commit("g", [commit(1n)]);
  offsets.stage("g", 7n, [commit(5n), commit(6n, 1)]);
  both(storage, offsets, (seen) => {
    assert.equal(seen.get("g", "t", 0)?.offset, 1n);
    assert.equal(seen.get("g", "t", 1), undefined);
    assert.equal(seen.hasPending("g", "t", 0), true);
    assert.equal(seen.hasPending("g", "t", 2), false);
    assert.equal(seen.hasPending("other", "t", 0), false);
    assert.equal(seen.size, 3);
  });
  const again = opened(storage);
  again.finish(7n, true);
  both(storage, again, (seen) => {
    assert.equal(seen.get("g", "t", 0)?.offset, 5n);
    assert.equal(seen.get("g", "t", 1)?.offset, 6n);
    assert.equal(seen.hasPending("g", "t", 0), false);
    assert.equal(seen.size, 2);
  });
});

Deno.test("CommittedOffsets.finish() forgets what an aborted transaction staged, and only that", () => {
  const storage = new MemoryStorage();
  const offsets = opened(storage);
  offsets.stage("g", 7n, [commit(5n)]);
  offsets.stage("g", 8n, [commit(6n)]);
  offsets.finish(7n, false);
  offsets.finish(7n, true);
  both(storage, offsets, (seen) => {
    assert.equal(seen.get("g", "t", 0), undefined);
    assert.equal(seen.hasPending("g", "t", 0), true);
  });
  offsets.finish(8n, true);
  both(storage, offsets, (seen) => assert.equal(seen.get("g", "t", 0)?.offset, 6n));
});

Deno.test("CommittedOffsets.commit() overtakes what a transaction staged before it", () => {
  const storage = new MemoryStorage();
  const offsets = opened(storage);
  offsets.stage("g", 7n, [commit(5n)]);
  offsets.commit("g", [commit(9n)]);
  offsets.finish(7n, true);
  both(storage, offsets, (seen) => assert.equal(seen.get("g", "t", 0)?.offset, 9n));
});

Deno.test("CommittedOffsets.deleteGroup() and deleteTopic() forget what is staged, too", () => {
  const storage = new MemoryStorage();
  const offsets = opened(storage);
  offsets.stage("g", 7n, [commit(5n)]);
  offsets.deleteGroup("g");
  offsets.stage("h", 7n, [commit(5n)]);
  offsets.deleteTopic("t");
  offsets.finish(7n, true);
  both(storage, offsets, (seen) => {
    assert.equal(seen.size, 0);
    assert.equal(seen.hasPending("h", "t", 0), false);
  });
});
