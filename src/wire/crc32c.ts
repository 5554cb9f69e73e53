/**
 * CRC-32C (Castagnoli), the checksum of Kafka's record batches: RFC 3720, appendix B.4. Slicing by 16: sixteen
 * bytes a turn through sixteen tables, several times as fast as a byte a turn.
 *
 * @module
 */

/** The polynomial 0x1EDC6F41 with its bits reversed. */
const POLYNOMIAL = 0x82f63b78;
const SLICES = 16;

/** Table `k` at `k * 256` says what a byte does to the checksum when `k` more bytes follow it. */
const TABLES = buildTables();

function buildTables(): Int32Array {
  const tables = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const crc = tables[i - 256] as number;
    tables[i] = (tables[crc & 0xff] as number) ^ (crc >>> 8);
  }
  return tables;
}

/**
 * The CRC-32C of `bytes`, from 0 to 2^32 - 1.
 *
 * @param seed the checksum of what stands before `bytes`: `crc32c(b, crc32c(a))` is that of `a` followed by `b`
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  const t = TABLES;
  const length = bytes.length;
  let crc = ~seed;
  let i = 0;
  for (const end = length - 15; i < end; i += 16) {
    crc ^= byteAt(bytes, i) | byteAt(bytes, i + 1) << 8 | byteAt(bytes, i + 2) << 16 |
      byteAt(bytes, i + 3) << 24;
    crc = at(t, 3840 + (crc & 0xff)) ^
      at(t, 3584 + (crc >>> 8 & 0xff)) ^
      at(t, 3328 + (crc >>> 16 & 0xff)) ^
      at(t, 3072 + (crc >>> 24)) ^
      at(t, 2816 + byteAt(bytes, i + 4)) ^
      at(t, 2560 + byteAt(bytes, i + 5)) ^
      at(t, 2304 + byteAt(bytes, i + 6)) ^
      at(t, 2048 + byteAt(bytes, i + 7)) ^
      at(t, 1792 + byteAt(bytes, i + 8)) ^
      at(t, 1536 + byteAt(bytes, i + 9)) ^
      at(t, 1280 + byteAt(bytes, i + 10)) ^
      at(t, 1024 + byteAt(bytes, i + 11)) ^
      at(t, 768 + byteAt(bytes, i + 12)) ^
      at(t, 512 + byteAt(bytes, i + 13)) ^
      at(t, 256 + byteAt(bytes, i + 14)) ^
      at(t, byteAt(bytes, i + 15));
  }
  for (; i < length; i++) crc = at(t, (crc ^ byteAt(bytes, i)) & 0xff) ^ (crc >>> 8);
  return ~crc >>> 0;
}

// The indexes are within bounds by construction; a check for undefined would cost a third of the speed.
function byteAt(bytes: Uint8Array, i: number): number {
  return bytes[i] as number;
}

function at(table: Int32Array, i: number): number {
  return table[i] as number;
}
