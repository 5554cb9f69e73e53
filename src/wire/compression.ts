/**
 * The compression of record batches. All that Kafka has is read; gzip and zstd, which node:zlib has, are written too.
 *
 * @module
 */
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { WireError } from "../base/errors.ts";
import { lz4Decompress } from "./lz4.ts";
import { type CompressionType, compressionTypeOf } from "./record_batch.ts";
import { snappyDecompress } from "./snappy.ts";

/**
 * The records of a batch as they were before they were compressed.
 *
 * @param attributes the batch's
 * @param maxOutputLength what they may grow to, in bytes
 * @throws {WireError} if they are not what they are said to be, or grow further
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
      return snappyDecompress(body, maxOutputLength);
    case "lz4":
      return lz4Decompress(body, maxOutputLength);
    case undefined:
      throw new WireError(`Cannot read a record batch as attributes ${attributes} name no compression`);
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
