import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { crc32c } from "../../../src/wire/crc32c.ts";

const ascii = (text: string) => new TextEncoder().encode(text);

/** RFC 3720, B.4, and the check value that CRC catalogues give. */
const VECTORS: readonly [what: string, bytes: Uint8Array, crc: number][] = [
  ["nothing", new Uint8Array(), 0],
  ["the digits 1 to 9", ascii("123456789"), 0xe306_9283],
  ["32 bytes of zeroes", new Uint8Array(32), 0x8a91_36aa],
  ["32 bytes of ones", new Uint8Array(32).fill(0xff), 0x62a8_ab43],
  ["32 bytes incrementing", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd_794e],
  ["32 bytes decrementing", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113f_db5c],
  [
    "an iSCSI read command",
    Buffer.from(
      "01c00000000000000000000000000000" + "14000000000004000000001400000018" +
        "28000000000000000200000000000000",
      "hex",
    ),
    0xd996_3a56,
  ],
];

for (const [what, bytes, crc] of VECTORS) {
  Deno.test(`crc32c() of ${what} is as published`, () => assert.equal(crc32c(bytes), crc));
}

/** The definition: a bit at a time. */
function crc32cByBits(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

Deno.test("crc32c() is the same as a bit at a time, of any length and place in its buffer", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(7), (bytes, at) => {
    const view = bytes.subarray(Math.min(at, bytes.length));
    assert.equal(crc32c(view), crc32cByBits(view));
  }));
});

Deno.test("crc32c() goes on from a seed", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, at) => {
    assert.equal(crc32c(bytes.subarray(at), crc32c(bytes.subarray(0, at))), crc32c(bytes));
  }));
});
