import assert from "node:assert/strict";
import fc from "fast-check";
import { UnfinishedOffsets } from "../../../src/kafka/unfinished.ts";

Deno.test("UnfinishedOffsets.lowWatermark() never passes an unfinished offset, and reaches the end with the last", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.bigInt({ min: 0n, max: 10_000n })),
      fc.func(fc.integer()),
      (drawn, rank) => {
        const offsets = [...drawn].sort((a, b) => a < b ? -1 : 1);
        const next = (offsets.at(-1) ?? 0n) + 1n;
        const unfinished = new UnfinishedOffsets();
        for (const offset of offsets) unfinished.add(offset);
        const order = [...offsets].sort((a, b) => rank(a) - rank(b));
        for (let i = 0; i < order.length; i++) {
          const left = order.slice(i);
          assert.equal(unfinished.lowWatermark(next), left.reduce((a, b) => a < b ? a : b));
          assert.equal(unfinished.finish(order[i] ?? -1n), true);
          assert.equal(unfinished.finish(order[i] ?? -1n), false);
        }
        assert.equal(unfinished.size, 0);
        assert.equal(unfinished.lowWatermark(next), next);
      },
    ),
  );
});

Deno.test("UnfinishedOffsets.add() of an earlier offset begins again there, and keeps what stands before", () => {
  const unfinished = new UnfinishedOffsets();
  for (const offset of [3n, 90n, 91n]) unfinished.add(offset);
  for (const offset of [5n, 6n]) unfinished.add(offset);
  assert.equal(unfinished.size, 3);
  unfinished.finish(3n);
  assert.equal(unfinished.lowWatermark(7n), 5n);
  unfinished.finish(90n);
  unfinished.finish(5n);
  assert.equal(unfinished.lowWatermark(7n), 6n);
});
