import assert from "node:assert/strict";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import kafkajsMurmur2 from "kafkajs/src/producer/partitioners/default/murmur2.js";
import { murmur2, partitionOf } from "../../../src/kafka/partitioner.ts";

Deno.test("murmur2() gives what org.apache.kafka.common.utils.UtilsTest expects", () => {
  const expected: Record<string, number> = {
    "21": -973932308,
    foobar: -790332482,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    abc: 479470107,
  };
  for (const [key, hash] of Object.entries(expected)) {
    assert.equal(murmur2(new TextEncoder().encode(key)), hash);
  }
});

Deno.test("murmur2() agrees with kafkajs on any bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
    assert.equal(murmur2(bytes), kafkajsMurmur2(Buffer.from(bytes)));
  }));
});

Deno.test("partitionOf() is a partition there is", () => {
  fc.assert(fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 1_000 }), (key, partitions) => {
    const partition = partitionOf(key, partitions);
    assert.ok(Number.isInteger(partition) && partition >= 0 && partition < partitions);
  }));
});
