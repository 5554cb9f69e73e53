import assert from "node:assert/strict";
import fc from "fast-check";
import { Histogram } from "../../../src/base/histogram.ts";

Deno.test("Histogram.quantile() is undefined while there is no value", () => {
  assert.equal(new Histogram().quantile(0.5), undefined);
});

Deno.test("Histogram.quantile() is right to 5 %", () => {
  const values = fc.array(fc.double({ min: 0.01, max: 1_000_000, noNaN: true }), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
      const histogram = new Histogram();
      for (const value of values) histogram.add(value);
      values.sort((a, b) => a - b);
      const exact = values[Math.max(1, Math.ceil(q * values.length)) - 1] ?? NaN;
      const told = histogram.quantile(q) ?? NaN;
      assert.ok(
        told >= exact * 0.999_999 && told <= exact * 1.05,
        `${q} of ${values} is ${exact}, told ${told}`,
      );
    }),
  );
});

Deno.test("Histogram.count counts, negative and huge values too", () => {
  const histogram = new Histogram();
  histogram.add(-1);
  histogram.add(0);
  histogram.add(Number.MAX_VALUE);
  assert.equal(histogram.count, 3);
});

Deno.test("Histogram.quantile() is never above the largest value", () => {
  const histogram = new Histogram();
  histogram.add(3);
  assert.equal(histogram.quantile(1), 3);
});

Deno.test("Histogram.quantile() refuses what is no share", () => {
  for (const q of [-0.1, 1.1, NaN]) {
    assert.throws(() => new Histogram().quantile(q), {
      name: "RangeError",
      message: `Cannot tell a quantile as 'q' must be from 0 to 1: current value is ${q}`,
    });
  }
});
