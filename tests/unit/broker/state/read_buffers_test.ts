import assert from "node:assert/strict";
import { ReadBuffers } from "../../../../src/broker/state/read_buffers.ts";

const LARGE = 1024 * 1024;

Deno.test("ReadBuffers.take() gives memory again that was given back, and no other", () => {
  const buffers = new ReadBuffers();
  const first = buffers.take(LARGE);
  const second = buffers.take(LARGE);
  assert.notEqual(first.buffer, second.buffer);
  assert.ok(buffers.isLent(first.subarray(1, 2)));
  buffers.giveBack(first.subarray(0, 100));
  assert.ok(!buffers.isLent(first));
  const third = buffers.take(LARGE - 1);
  assert.equal(third.buffer, first.buffer);
  assert.equal(third.length, LARGE - 1);
  assert.notEqual(buffers.take(LARGE).buffer, second.buffer);
});

Deno.test("ReadBuffers.giveBack() takes nothing twice, and nothing that is not its own", () => {
  const buffers = new ReadBuffers();
  const bytes = buffers.take(LARGE);
  buffers.giveBack(bytes);
  buffers.giveBack(bytes);
  buffers.giveBack(new Uint8Array(LARGE));
  assert.equal(buffers.take(LARGE).buffer, bytes.buffer);
  assert.notEqual(buffers.take(LARGE).buffer, bytes.buffer);
});

Deno.test("ReadBuffers.take() makes memory of its own for what is small or very large", () => {
  const buffers = new ReadBuffers();
  for (const size of [0, 1_000, 2 * LARGE]) {
    const bytes = buffers.take(size);
    assert.equal(bytes.length, size);
    assert.ok(!buffers.isLent(bytes));
  }
});
