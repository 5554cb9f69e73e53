import assert from "node:assert/strict";
import { ConsumedRecord } from "../../../src/kafka/record.ts";
import { RecordsInHand } from "../../../src/kafka/records_in_hand.ts";

const records = (count: number) =>
  Array.from(
    { length: count },
    (_, i) => new ConsumedRecord("t", 0, BigInt(i), 0, null, null, new Uint8Array(1)),
  );
const offsets = (of: readonly ConsumedRecord[]) => of.map(({ offset }) => Number(offset));

Deno.test("RecordsInHand.give() gives no more at a time than there is room for, in their order", async () => {
  const given: number[] = [];
  const inHand = new RecordsInHand({
    maxCount: 3,
    onBatch: (batch) => {
      given.push(...offsets(batch));
      assert.ok(batch.length <= 3);
      queueMicrotask(() => batch.forEach((record) => inHand.finish(record)));
    },
    onFailed: (error) => assert.fail(String(error)),
  });
  assert.deepEqual(await inHand.give(records(10), new AbortController().signal), []);
  await inHand.empty();
  assert.deepEqual(given, offsets(records(10)));
});

Deno.test("RecordsInHand.give() returns what nobody has taken when its signal aborts", async () => {
  const stop = new AbortController();
  const inHand = new RecordsInHand({ maxCount: 2, onBatch: () => {}, onFailed: () => {} });
  const giving = inHand.give(records(5), stop.signal);
  stop.abort();
  assert.deepEqual(offsets(await giving), [2, 3, 4]);
});

Deno.test("RecordsInHand.give() gives again what was not finished when the handler threw, and before all others", async () => {
  const given: number[][] = [];
  const delays: number[] = [];
  const inHand = new RecordsInHand({
    maxCount: 4,
    onBatch: (batch) => {
      given.push(offsets(batch));
      for (const record of batch) {
        if (given.length < 3 && record.offset === 1n) throw new TypeError("no such thing");
        inHand.finish(record);
      }
    },
    onFailed: (_, retryInMs) => delays.push(retryInMs),
  });
  assert.deepEqual(await inHand.give(records(6), new AbortController().signal), []);
  assert.deepEqual(given, [[0, 1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4], [5]]);
  assert.equal(delays.length, 2);
});

Deno.test("RecordsInHand.give() that is given up while a failure is waited out returns the failed ones too", async () => {
  const stop = new AbortController();
  const inHand = new RecordsInHand({
    maxCount: 2,
    onBatch: () => {
      throw new TypeError("no such thing");
    },
    onFailed: () => stop.abort(),
  });
  assert.deepEqual(offsets(await inHand.give(records(3), stop.signal)), [0, 1, 2]);
  await inHand.empty();
});

Deno.test("RecordsInHand.finish() counts a record once", async () => {
  const inHand = new RecordsInHand({ maxCount: 2, onBatch: () => {}, onFailed: () => {} });
  const [one, other] = records(2);
  assert.ok(one !== undefined && other !== undefined);
  await inHand.give([one, other], new AbortController().signal);
  assert.deepEqual([inHand.finish(one), inHand.finish(one)], [true, false]);
  let isEmpty = false;
  const emptied = inHand.empty().then(() => isEmpty = true);
  await Promise.resolve();
  assert.equal(isEmpty, false);
  inHand.finish(other);
  await emptied;
});
