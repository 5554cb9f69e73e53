/**
 * Reading snappy (https://github.com/google/snappy/blob/main/format_description.txt), bare as librdkafka writes it, or in
 * the frames of snappy-java, as Java's clients do.
 *
 * @module
 */
import { WireError } from "../base/errors.ts";

/** How snappy-java's frames begin: this, and two versions of four bytes. */
const JAVA_MAGIC = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00];
const JAVA_HEAD_BYTES = 16;
const LENGTH_BYTES = 4;
/** A byte of a block stands for less: three of them are a copy of 64. What says more is not given the memory for it. */
const MAX_EXPANSION = 32;

/** What was compressed. @param maxOutputLength in bytes @throws {WireError} if it is not snappy, or grows further */
export function snappyDecompress(body: Uint8Array, maxOutputLength: number): Uint8Array {
  if (!JAVA_MAGIC.every((byte, i) => body[i] === byte)) return readBlock(body, maxOutputLength);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const parts: Uint8Array[] = [];
  let outputLength = 0;
  for (let at = JAVA_HEAD_BYTES; at < body.length;) {
    if (at + LENGTH_BYTES > body.length) throw wrong("a frame is cut short");
    const length = view.getUint32(at);
    at += LENGTH_BYTES;
    if (at + length > body.length) throw wrong("a frame is cut short");
    const part = readBlock(body.subarray(at, at + length), maxOutputLength - outputLength);
    parts.push(part);
    outputLength += part.length;
    at += length;
  }
  const output = new Uint8Array(outputLength);
  let end = 0;
  for (const part of parts) {
    output.set(part, end);
    end += part.length;
  }
  return output;
}

function readBlock(block: Uint8Array, maxOutputLength: number): Uint8Array {
  let at = 0;
  const byte = () => block[at++] ?? fail("it is cut short");
  /** So many bytes, little-endian. */
  const number = (bytes: number) => {
    let value = 0;
    for (let i = 0; i < bytes; i++) value += byte() * 2 ** (8 * i);
    return value;
  };
  let outputLength = 0;
  for (let shift = 0, more = true; more; shift += 7) {
    if (shift > 28) throw wrong("its length is no length");
    const next = byte();
    outputLength += (next & 0x7f) * 2 ** shift;
    more = next >= 0x80;
  }
  if (outputLength > maxOutputLength) {
    throw wrong(`it has ${outputLength} bytes, more than ${maxOutputLength}`);
  }
  if (outputLength > MAX_EXPANSION * block.length) {
    throw wrong(`${block.length} bytes cannot become ${outputLength}`);
  }
  const output = new Uint8Array(outputLength);
  let end = 0;
  while (at < block.length) {
    const tag = byte();
    const kind = tag & 3;
    if (kind === 0) {
      const short = tag >> 2;
      const length = (short < 60 ? short : number(short - 59)) + 1;
      if (at + length > block.length || end + length > outputLength) throw wrong("a literal does not fit");
      output.set(block.subarray(at, at + length), end);
      at += length;
      end += length;
      continue;
    }
    const length = kind === 1 ? (tag >> 2 & 7) + 4 : (tag >> 2) + 1;
    const distance = kind === 1 ? (tag >> 5) * 256 + byte() : number(kind === 2 ? 2 : 4);
    if (distance === 0 || distance > end || end + length > outputLength) throw wrong("a copy does not fit");
    for (const stop = end + length; end < stop; end++) output[end] = output[end - distance] ?? 0;
  }
  if (end !== outputLength) throw wrong(`it has ${end} bytes, ${outputLength} were said`);
  return output;
}

function fail(reason: string): never {
  throw wrong(reason);
}

function wrong(reason: string): WireError {
  return new WireError(`Cannot read a record batch as snappy: ${reason}`);
}
