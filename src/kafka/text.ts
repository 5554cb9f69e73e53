/**
 * UTF-8, quick for what is short and plain: ids, numbers, names. For these the platform's encoder and decoder cost
 * more to call than to run.
 *
 * @module
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Text up to this is looked at here first. */
const SHORT = 64;

/** `bytes` as text. What is not UTF-8 becomes U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  const { length } = bytes;
  if (length > SHORT) return decoder.decode(bytes);
  for (let i = 0; i < length; i++) if ((bytes[i] ?? 0) > 0x7f) return decoder.decode(bytes);
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

/** `text` as UTF-8. */
export function encodeText(text: string): Uint8Array {
  const { length } = text;
  if (length > SHORT) return encoder.encode(text);
  const bytes = new Uint8Array(length);
  return encodeTextInto(text, bytes, 0) < 0 ? encoder.encode(text) : bytes;
}

/**
 * Writes plain text (ASCII) at `at`, where there must be room.
 *
 * @returns how many bytes, or -1 if the text is not plain
 */
export function encodeTextInto(text: string, into: Uint8Array, at: number): number {
  const { length } = text;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return -1;
    into[at + i] = unit;
  }
  return length;
}
