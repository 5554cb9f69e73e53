/**
 * The compression of record batches: what node:zlib has, which is gzip and zstd.
 *
 * @module
 */
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { WireError } from "../base/errors.ts";
import { type CompressionType, compressionTypeOf } from "./record_batch.ts";

/**
 * The records of a batch as they were before they were compressed.
 *
 * @param attributes the batch's
 * @param maxOutputLength what they may grow to, in bytes
 * @throws {WireError} if they are not what they are said to be, grow further, or are compressed by snappy or lz4
 */
export function decompress(body: Uint8Array, attributes: number, maxOutputLength: number): Uint8Array {
  const compression = compressionTypeOf(attributes);
  switch (compression) {
    case "none":
      return body;
    case "gzip":
      return attempt(compression, body, maxOutputLength, () => gunzipSync(body, { maxOutputLength }));
    case "zstd":
      return attempt(compression, body, maxOutputLength, () => zstdDecompressSync(body, { maxOutputLength }));
    case "snappy":
    case "lz4":
    case undefined:
      throw new WireError(
        `Cannot read a record batch compressed by ${
          compression ?? "an unknown codec"
        }: only none, gzip and zstd can be`,
      );
  }
}

/** What {@linkcode decompress} reads again. */
export function compress(records: Uint8Array, compression: "none" | "gzip" | "zstd"): Uint8Array {
  switch (compression) {
    case "none":
      return records;
    case "gzip":
      return gzipSync(records);
    case "zstd":
      return zstdCompressSync(records);
  }
}

function attempt(
  compression: CompressionType,
  body: Uint8Array,
  maxOutputLength: number,
  action: () => Uint8Array,
): Uint8Array {
  try {
    return action();
  } catch (cause) {
    throw new WireError(
      `Cannot read a record batch as its ${body.length} bytes are no ${compression} of at most ${maxOutputLength} bytes`,
      { cause },
    );
  }
}
