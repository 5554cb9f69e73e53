import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { KafkaError } from "../../../src/base/errors.ts";
import { decompress } from "../../../src/kafka/compression.ts";

const GZIP = 1;
const ZSTD = 4;

Deno.test("decompress() gives back what gzip and zstd packed, and what is not compressed", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
    assert.deepEqual(decompress(0, bytes), bytes);
    assert.deepEqual(decompress(GZIP, gzipSync(bytes)), bytes);
    assert.deepEqual(decompress(ZSTD, zstdCompressSync(bytes)), bytes);
  }));
});

Deno.test("decompress() gives up on a bomb, and on what it cannot read", () => {
  const bomb = new Uint8Array(65 * 1024 * 1024);
  const isCorrupt = (error: unknown) => error instanceof KafkaError && error.code === "CORRUPT_MESSAGE";
  for (const [codec, pack] of [[GZIP, gzipSync], [ZSTD, zstdCompressSync]] as const) {
    assert.throws(() => decompress(codec, pack(bomb)), isCorrupt);
    assert.throws(() => decompress(codec, new Uint8Array(100).fill(0xff)), isCorrupt);
  }
});

Deno.test("decompress() names a codec that it does not have", () => {
  for (const [codec, name] of [[2, "snappy"], [3, "lz4"], [5, "codec 5"]] as const) {
    assert.throws(
      () => decompress(codec, new Uint8Array(8)),
      (error) =>
        error instanceof KafkaError && error.code === "UNSUPPORTED_COMPRESSION_TYPE" &&
        error.message.includes(name),
    );
  }
});
