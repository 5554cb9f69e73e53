import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDeadline, parsePartition } from "../../../src/toolkit/headers.ts";

const text = (value: string) => new TextEncoder().encode(value);

Deno.test("parsePartition() reads Spring's four bytes and NestJS's decimal text", () => {
  fc.assert(fc.property(fc.nat(100_000), (partition) => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(0, partition);
    assert.equal(parsePartition(bytes), partition);
    assert.equal(parsePartition(text(String(partition))), partition);
  }));
});

Deno.test("parsePartition() is undefined for anything else", () => {
  for (
    const bytes of [
      text(""),
      text("-1"),
      text("one"),
      new Uint8Array([255, 255, 255, 255]),
      new Uint8Array(8),
    ]
  ) {
    assert.equal(parsePartition(bytes), undefined);
  }
});

Deno.test("parseDeadline() reads epoch milliseconds, and nothing else", () => {
  assert.equal(parseDeadline(text("1795265002480")), 1795265002480);
  for (const other of ["", "soon", "-5", "1e9", "17952650024800000"]) {
    assert.equal(parseDeadline(text(other)), undefined);
  }
});
