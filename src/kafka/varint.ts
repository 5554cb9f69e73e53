/**
 * Zigzag variable-length integers, as records hold them.
 *
 * @module
 */

/**
 * Reads one and moves `cursor` behind it.
 *
 * @returns an integer of up to 53 bits
 * @throws {RangeError} if the bytes end first, or it is longer than ten bytes
 */
export function readVarint(bytes: Uint8Array, cursor: { at: number }): number {
  const first = bytes[cursor.at];
  if (first !== undefined && first < 0x80) {
    cursor.at++;
    return (first & 1) === 0 ? first >>> 1 : -(first >>> 1) - 1;
  }
  let value = 0;
  let scale = 1;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) throw new RangeError("Cannot read a varint as the bytes end within it");
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    scale *= 128;
  }
  throw new RangeError("Cannot read a varint as it is longer than ten bytes");
}
