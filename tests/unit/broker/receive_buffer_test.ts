import assert from "node:assert/strict";
import fc from "fast-check";
import { WireError } from "../../../src/base/errors.ts";
import { ReceiveBuffer } from "../../../src/broker/receive_buffer.ts";

const MIN_FRAME_BYTES = 8;
const MAX_FRAME_BYTES = 100_000;

function framed(bodies: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(bodies.reduce((sum, body) => sum + 4 + body.length, 0));
  let at = 0;
  for (const body of bodies) {
    new DataView(bytes.buffer).setInt32(at, body.length);
    bytes.set(body, at + 4);
    at += 4 + body.length;
  }
  return bytes;
}

/** All frames that are whole, as copies. */
function takeAll(buffer: ReceiveBuffer): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let frame = buffer.next(); frame !== undefined; frame = buffer.next()) frames.push(frame.slice());
  buffer.settle();
  return frames;
}

Deno.test("ReceiveBuffer.next() gives the same frames, wherever the stream was cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 8, maxLength: 6_000 }), { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1, maxLength: 12 }),
      (bodies, cuts) => {
        const stream = framed(bodies);
        const buffer = new ReceiveBuffer(MIN_FRAME_BYTES, MAX_FRAME_BYTES);
        const frames: Uint8Array[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const end = Math.min(stream.length, at + (cuts[i % cuts.length] ?? 1));
          buffer.push(stream.slice(at, end));
          frames.push(...takeAll(buffer));
          at = end;
        }
        assert.deepEqual(frames, bodies.map((body) => body.slice()));
      },
    ),
  );
});

Deno.test("ReceiveBuffer.next() goes on where it was, when frames are left for later", () => {
  const buffer = new ReceiveBuffer(MIN_FRAME_BYTES, MAX_FRAME_BYTES);
  const bodies = [1, 2, 3, 4].map((byte) => new Uint8Array(10).fill(byte));
  const stream = framed(bodies);
  buffer.push(stream.slice(0, 20));
  assert.deepEqual(buffer.next(), bodies[0]);
  buffer.push(stream.slice(20, 40));
  assert.deepEqual(buffer.next(), bodies[1]);
  buffer.push(stream.slice(40));
  assert.deepEqual(takeAll(buffer), bodies.slice(2));
});

Deno.test("ReceiveBuffer.next() refuses sizes that no request has", () => {
  for (const size of [-1, 0, 7, MAX_FRAME_BYTES + 1, 2 ** 31 - 1]) {
    const buffer = new ReceiveBuffer(MIN_FRAME_BYTES, MAX_FRAME_BYTES);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(0, size);
    buffer.push(bytes);
    assert.throws(() => buffer.next(), WireError);
  }
});
