import assert from "node:assert/strict";
import fc from "fast-check";
import { backoffMs } from "../../../src/base/backoff.ts";

Deno.test("backoffMs() doubles from the base: half fixed, half jitter", () => {
  const least = [1, 2, 3, 4].map((attempt) => backoffMs(attempt, { baseMs: 100, random: () => 0 }));
  assert.deepEqual(least, [50, 100, 200, 400]);
  assert.equal(backoffMs(3, { baseMs: 100, random: () => 0.5 }), 300);
});

Deno.test("backoffMs() lies from half of the full delay to all of it, and never above the cap", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.integer({ min: 1, max: 5_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, baseMs, jitter) => {
        const capMs = 10_000;
        const full = Math.min(capMs, baseMs * 2 ** (attempt - 1));
        const delay = backoffMs(attempt, { baseMs, capMs, random: () => jitter });
        assert.ok(delay >= Math.floor(full / 2) && delay <= Math.ceil(full));
      },
    ),
  );
});

Deno.test("backoffMs() refuses an attempt that is not a positive integer", () => {
  for (const attempt of [0, -1, 1.5, NaN, Infinity]) {
    assert.throws(() => backoffMs(attempt), {
      name: "RangeError",
      message: `Cannot back off as 'attempt' must be a positive integer: current value is ${attempt}`,
    });
  }
});
