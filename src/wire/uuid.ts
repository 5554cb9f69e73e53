/**
 * UUIDs: 16 bytes on the wire, lower-case text with hyphens in the program, as `crypto.randomUUID()` makes them.
 * (Kafka's own tools print the same bytes in base64.)
 *
 * @module
 */

/** "No id": what a field of type UUID holds by default. */
export const ZERO_UUID = "00000000-0000-0000-0000-000000000000";

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The UUID in the 16 bytes from `at`, which must be there. */
export function uuidAt(bytes: Uint8Array, at: number): string {
  let text = "";
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += "-";
    text += HEX[bytes[at + i] ?? 0];
  }
  return text;
}

/**
 * Writes `uuid` into the 16 bytes from `at`, which must be there.
 *
 * @throws {RangeError} if `uuid` is not lower-case text with hyphens
 */
export function putUuid(bytes: Uint8Array, at: number, uuid: string): void {
  if (!PATTERN.test(uuid)) {
    throw new RangeError(
      `Cannot write a UUID as it must be 32 lower-case digits with hyphens: current value is ${uuid}`,
    );
  }
  for (let i = 0, from = 0; i < 16; i++, from += 2) {
    if (uuid.charCodeAt(from) === 0x2d) from++;
    bytes[at + i] = parseInt(uuid.substring(from, from + 2), 16);
  }
}
