import assert from "node:assert/strict";
import fc from "fast-check";
import type { OffsetCommit } from "../../../../src/broker/state/committed_offset.ts";
import { CommittedOffsets } from "../../../../src/broker/state/committed_offsets.ts";
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

Deno.test("CommittedOffsets holds what a plain map would, whatever is committed and deleted, also across a restart", () => {
  const name = fc.constantFrom("a", "b", "c");
  const partition = fc.nat(2);
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ act: fc.constant("commit" as const), group: name, topic: name, partition }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ act: fc.constant("delete" as const), group: name, topic: name, partition }),
    },
    fc.record({ act: fc.constant("deleteGroup" as const), group: name }),
    fc.record({ act: fc.constant("deleteTopic" as const), topic: name }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    using storage = new MemoryStorage();
    const offsets = opened(storage);
    const model = new Map<string, bigint>();
    const forget = (isMeant: (group: string, topic: string) => boolean) => {
      for (const key of model.keys()) {
        const [group = "", topic = ""] = key.split(" ");
        if (isMeant(group, topic)) model.delete(key);
      }
    };
    for (const [i, one] of steps.entries()) {
      switch (one.act) {
        case "commit":
          offsets.commit(one.group, [commit(one.topic, one.partition, BigInt(i))]);
          model.set(`${one.group} ${one.topic} ${one.partition}`, BigInt(i));
          break;
        case "delete":
          offsets.delete(one.group, [one]);
          model.delete(`${one.group} ${one.topic} ${one.partition}`);
          break;
        case "deleteGroup":
          offsets.deleteGroup(one.group);
          forget((group) => group === one.group);
          break;
        case "deleteTopic":
          offsets.deleteTopic(one.topic);
          forget((_, topic) => topic === one.topic);
          break;
      }
    }
    for (const one of [offsets, opened(storage)]) {
      assert.equal(one.size, model.size);
      assert.deepEqual(
        [...one.groupIds()].sort(),
        [...new Set([...model.keys()].map((key) => key.split(" ")[0]))].sort(),
      );
      for (const [key, offset] of model) {
        const [group = "", topic = "", index] = key.split(" ");
        assert.equal(one.get(group, topic, Number(index))?.offset, offset);
      }
    }
  }));
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
