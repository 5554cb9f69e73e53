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
