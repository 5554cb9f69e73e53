import assert from "node:assert/strict";
import { BufferPool } from "../../../src/broker/buffer_pool.ts";

Deno.test("BufferPool.change() refuses who holds more than its share of a full pool, and nobody else", () => {
  const pool = new BufferPool(100);
  assert.equal(pool.change(0, 90), true, "there is room");
  assert.equal(pool.change(0, 20), true, "it holds less than half");
  assert.equal(pool.change(90, 95), false);
  assert.equal(pool.change(95, 91), true, "it holds less than before");
  assert.equal(pool.change(91, 0), true);
  assert.equal(pool.bytes, 20);
  assert.equal(pool.change(20, 101), false, "alone, but more than there may be");
});
