import assert from "node:assert/strict";
import { MemoryStorage } from "../../../../src/broker/state/memory_storage.ts";
import { ProducerIds } from "../../../../src/broker/state/producer_ids.ts";

const PATH = "journals/producer_ids.log";

function opened(storage: MemoryStorage): ProducerIds {
  const ids = new ProducerIds(storage);
  ids.open();
  return ids;
}

Deno.test("ProducerIds.take() gives no id twice, whichever byte of its journal is damaged", () => {
  using whole = new MemoryStorage();
  const ids = opened(whole);
  let last = -1n;
  for (let i = 0; i < 3_500; i++) last = ids.take();
  const bytes = whole.readAll(PATH) ?? new Uint8Array();
  for (let at = 0; at < bytes.length; at++) {
    using storage = new MemoryStorage();
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    storage.replace(PATH, damaged);
    const first = opened(storage).take();
    assert.ok(first > last, `byte ${at}: ${first} after ${last}`);
    assert.ok(opened(storage).take() > first, "nor after the next start");
  }
});

Deno.test("ProducerIds.take() leaves few ids out at a start", () => {
  using storage = new MemoryStorage();
  assert.equal(opened(storage).take(), 0n);
  assert.equal(opened(storage).take(), 1_000n);
});
