import assert from "node:assert/strict";
import { ConsumedRecord } from "../../../src/kafka/record.ts";
import { RecordsInHand } from "../../../src/kafka/records_in_hand.ts";

const records = (count: number) =>
  Array.from(
    { length: count },
    (_, i) => new ConsumedRecord("t", 0, BigInt(i), 0, null, null, new Uint8Array(1), 0, 1),
  );
const offsets = (of: readonly ConsumedRecord[]) => of.map(({ offset }) => Number(offset));
const { signal: never } = new AbortController();

/** With room for `maxCount`, and what failed or was left. */
function inHandOf(
  maxCount: number,
  onBatch: (batch: ConsumedRecord[]) => unknown,
  onFailed: () => void = () => {},
  signal = never,
) {
  const left: number[] = [];
  const delays: number[] = [];
  const inHand = new RecordsInHand({
    maxCount,
    onBatch,
    signal,
    onFailed: (_, retryInMs) => {
      delays.push(retryInMs);
      onFailed();
    },
    onLeft: (records) => left.push(...offsets(records)),
  });
  return { inHand, left, delays };
}

Deno.test("RecordsInHand.give() gives no more at a time than there is room for, in their order", async () => {
  const given: number[] = [];
  const { inHand, left } = inHandOf(3, (batch) => {
    given.push(...offsets(batch));
    assert.ok(batch.length <= 3);
    queueMicrotask(() => batch.forEach((record) => inHand.finish(record)));
  });
  await inHand.give(records(10), never);
  await inHand.empty();
  assert.deepEqual([given, left], [offsets(records(10)), []]);
});

Deno.test("RecordsInHand.give() leaves what nobody has taken when its signal aborts", async () => {
  const stop = new AbortController();
  const { inHand, left } = inHandOf(2, () => {});
  const giving = inHand.give(records(5), stop.signal);
  stop.abort();
  await giving;
  assert.deepEqual(left, [2, 3, 4]);
});

Deno.test("RecordsInHand.give() gives again what was not finished when the handler threw, and before all others", async () => {
  const given: number[][] = [];
  const { inHand, delays } = inHandOf(4, (batch) => {
    given.push(offsets(batch));
    for (const record of batch) {
      if (given.length < 3 && record.offset === 1n) throw new TypeError("no such thing");
      inHand.finish(record);
    }
  });
  await inHand.give(records(6), never);
  assert.deepEqual(given, [[0, 1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4], [5]]);
  assert.equal(delays.length, 2);
});

Deno.test("RecordsInHand.give() gives again what was not finished when the handler rejected", async () => {
  const given: number[][] = [];
  const over = Promise.withResolvers<void>();
  const { inHand, delays } = inHandOf(4, async (batch) => {
    given.push(offsets(batch));
    for (const record of batch) {
      await Promise.resolve();
      if (given.length < 3 && record.offset === 1n) throw new TypeError("no such thing");
      inHand.finish(record);
    }
    if (given.length === 3) over.resolve();
  });
  await inHand.give(records(3), never);
  await over.promise;
  await inHand.empty();
  assert.deepEqual(given, [[0, 1, 2], [1, 2], [1, 2]]);
  assert.equal(delays.length, 2);
});

Deno.test("RecordsInHand.give() that is given up while a failure is waited out leaves the failed ones too", async () => {
  for (const fail of [() => assert.fail(), () => Promise.reject(new Error("later"))]) {
    const stop = new AbortController();
    const { inHand, left } = inHandOf(3, fail, () => stop.abort(), stop.signal);
    await inHand.give(records(3), stop.signal);
    await inHand.empty();
    while (left.length === 0) await Promise.resolve();
    assert.deepEqual(left, [0, 1, 2]);
  }
});

Deno.test("RecordsInHand.finish() counts a record once", async () => {
  const { inHand } = inHandOf(2, () => {});
  const [one, other] = records(2);
  assert.ok(one !== undefined && other !== undefined);
  await inHand.give([one, other], never);
  assert.deepEqual([inHand.finish(one), inHand.finish(one)], [true, false]);
  let isEmpty = false;
  const emptied = inHand.empty().then(() => isEmpty = true);
  await Promise.resolve();
  assert.equal(isEmpty, false);
  inHand.finish(other);
  await emptied;
});
