/**
 * Records that were compressed by others. Ours go out uncompressed.
 *
 * @module
 */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { KafkaError } from "./errors.ts";

/** A batch that grows beyond this is not read: it would be a bomb rather than a batch. */
const MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024;

/** The lowest three bits of a batch's attributes. */
const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

/**
 * The records of a batch, decompressed.
 *
 * @throws {KafkaError} UNSUPPORTED_COMPRESSION_TYPE for snappy and lz4, CORRUPT_MESSAGE if they cannot be decompressed
 */
export function decompress(codec: number, bytes: Uint8Array): Uint8Array {
  const name = CODECS[codec];
  const bounded = { maxOutputLength: MAX_DECOMPRESSED_BYTES };
  try {
    if (name === "none") return bytes;
    if (name === "gzip") return plain(gunzipSync(bytes, bounded));
    if (name === "zstd") return plain(zstdDecompressSync(bytes, bounded));
  } catch (cause) {
    throw new KafkaError("CORRUPT_MESSAGE", `Cannot decompress a batch of ${name}: ${cause}`, {
      retriable: false,
      cause,
    });
  }
  throw new KafkaError(
    "UNSUPPORTED_COMPRESSION_TYPE",
    `Cannot read a batch compressed with ${name ?? `codec ${codec}`}: gzip and zstd are supported`,
    { retriable: false },
  );
}

function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
