import assert from "node:assert/strict";
import { CommittedOffsets, type OffsetCommit } from "../../../../src/broker/state/committed_offsets.ts";
import { MemoryStorage } from "../../../../src/broker/state/memory_storage.ts";
import { ProducerIds } from "../../../../src/broker/state/producer_ids.ts";

function commit(topic: string, partition: number, offset: bigint): OffsetCommit {
  return { topic, partition, offset, leaderEpoch: 0, metadata: "ü", committedAtMs: 5 };
}

function opened(storage: MemoryStorage): CommittedOffsets {
  const offsets = new CommittedOffsets(storage);
  assert.deepEqual(offsets.open(), []);
  return offsets;
}

Deno.test("CommittedOffsets.commit() keeps the newest offset, also across a restart", () => {
  using storage = new MemoryStorage();
  const offsets = opened(storage);
  offsets.commit("g", [commit("t", 0, 1n), commit("t", 1, 2n ** 60n)]);
  offsets.commit("g", [commit("t", 0, 5n)]);
  for (const one of [offsets, opened(storage)]) {
    assert.equal(one.size, 2);
    assert.deepEqual(one.get("g", "t", 0), { offset: 5n, leaderEpoch: 0, metadata: "ü", committedAtMs: 5 });
    assert.equal(one.get("g", "t", 1)?.offset, 2n ** 60n);
    assert.equal(one.get("g", "t", 2), undefined);
    assert.equal(one.get("other", "t", 0), undefined);
  }
});

Deno.test("CommittedOffsets.deleteGroup() and deleteTopic() forget for good", () => {
  using storage = new MemoryStorage();
  const offsets = opened(storage);
  for (const group of ["a", "b"]) offsets.commit(group, [commit("t", 0, 1n), commit("u", 0, 1n)]);
  offsets.deleteGroup("a");
  offsets.deleteTopic("u");
  for (const one of [offsets, opened(storage)]) {
    assert.equal(one.size, 1);
    assert.deepEqual([...one.groupIds()], ["b"]);
    assert.equal(one.get("b", "t", 0)?.offset, 1n);
  }
});

Deno.test("CommittedOffsets.commit() does not let the file grow with the number of commits", () => {
  using storage = new MemoryStorage();
  const offsets = opened(storage);
  for (let i = 0; i < 30_000; i++) offsets.commit("g", [commit("t", i % 4, BigInt(i))]);
  assert.ok((storage.readAll("journals/offsets.log")?.length ?? 0) < 1_000_000);
  assert.equal(opened(storage).get("g", "t", 3)?.offset, 29_999n);
});

Deno.test("ProducerIds.take() never gives an id twice, whenever the broker restarts", () => {
  using storage = new MemoryStorage();
  const seen = new Set<bigint>();
  for (let restart = 0; restart < 5; restart++) {
    const ids = new ProducerIds(storage);
    ids.open();
    for (let i = 0; i < 1_500; i++) {
      const id = ids.take();
      assert.ok(!seen.has(id));
      seen.add(id);
    }
  }
});
