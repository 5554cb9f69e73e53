/**
 * Which partition a record goes to, as the Java client chooses it, so that both agree on where a key lives.
 *
 * @module
 */
import { encodeText } from "./text.ts";

/** The partition of a key: murmur2 of its bytes, over `partitions`. */
export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/** MurmurHash2, 32 bits, with the seed of org.apache.kafka.common.utils.Utils. */
export function murmur2(data: Uint8Array): number {
  const m = 0x5bd1e995;
  const { length } = data;
  let h = 0x9747b28c ^ length;
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) {
    let k = (data[i] ?? 0) | ((data[i + 1] ?? 0) << 8) | ((data[i + 2] ?? 0) << 16) |
      ((data[i + 3] ?? 0) << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    h = Math.imul(h, m) ^ Math.imul(k, m);
  }
  if (length > whole) {
    let rest = 0;
    for (let i = length - 1; i >= whole; i--) rest = (rest << 8) | (data[i] ?? 0);
    h = Math.imul(h ^ rest, m);
  }
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}

/** The key decides; records without one go round. */
export function choosePartition(
  key: string | Uint8Array | null,
  count: number,
  round: { next: number },
): number {
  if (count === 1) return 0;
  if (key === null) return round.next = (round.next + 1) % count;
  return partitionOf(typeof key === "string" ? encodeText(key) : key, count);
}
