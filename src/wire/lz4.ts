/**
 * Reading LZ4 frames (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md). Their own checksums are not looked at:
 * the batch has one over all of it.
 *
 * @module
 */
import { WireError } from "../base/errors.ts";

const MAGIC = 0x184d2204;
const FLAG = { dictionary: 0x01, contentChecksum: 0x04, contentSize: 0x08, blockChecksum: 0x10 } as const;
/** Of a block's size: it is not compressed. */
const UNCOMPRESSED = 0x80000000;
const MIN_MATCH = 4;
const FIRST_OUTPUT_BYTES = 64 * 1024;

/** What was compressed. @param maxOutputLength in bytes @throws {WireError} if it is no LZ4 frame, or grows further */
export function lz4Decompress(body: Uint8Array, maxOutputLength: number): Uint8Array {
  if (body.length < 7) throw wrong("it is cut short");
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw wrong("it does not begin as a frame");
  const flags = view.getUint8(4);
  // Version 1, without a dictionary.
  if (flags >> 6 !== 1 || (flags & FLAG.dictionary) !== 0) throw wrong(`its flags are ${flags}`);
  let at = 6 + ((flags & FLAG.contentSize) !== 0 ? 8 : 0) + 1;
  const output = new Output(maxOutputLength);
  for (;;) {
    if (at + 4 > body.length) throw wrong("it is cut short");
    const size = view.getUint32(at, true);
    at += 4;
    if (size === 0) return output.written();
    const length = size % UNCOMPRESSED;
    if (at + length > body.length) throw wrong("a block is cut short");
    const block = body.subarray(at, at + length);
    if (size >= UNCOMPRESSED) output.literals(block);
    else readBlock(block, output);
    at += length + ((flags & FLAG.blockChecksum) !== 0 ? 4 : 0);
  }
}

/** Blocks may refer to those before them: all go to one output. */
class Output {
  readonly #maxLength: number;
  #bytes: Uint8Array;
  #end = 0;

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
    this.#bytes = new Uint8Array(Math.min(FIRST_OUTPUT_BYTES, maxLength));
  }

  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  literals(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  copy(distance: number, length: number): void {
    if (distance === 0 || distance > this.#end) throw wrong("a match does not fit");
    this.#reserve(length);
    const bytes = this.#bytes;
    for (const stop = this.#end + length; this.#end < stop; this.#end++) {
      bytes[this.#end] = bytes[this.#end - distance] ?? 0;
    }
  }

  #reserve(length: number): void {
    const needed = this.#end + length;
    if (needed <= this.#bytes.length) return;
    if (needed > this.#maxLength) throw wrong(`it has more than ${this.#maxLength} bytes`);
    const grown = new Uint8Array(Math.min(this.#maxLength, Math.max(needed, 2 * this.#bytes.length)));
    grown.set(this.written());
    this.#bytes = grown;
  }
}

function readBlock(block: Uint8Array, output: Output): void {
  let at = 0;
  const byte = () => block[at++] ?? fail("a block is cut short");
  /** A length whose first four bits are in the token. */
  const lengthFrom = (short: number) => {
    let length = short;
    for (let next = short === 15 ? 255 : 0; next === 255; length += next) next = byte();
    return length;
  };
  while (at < block.length) {
    const token = byte();
    const literals = lengthFrom(token >> 4);
    if (at + literals > block.length) throw wrong("literals are cut short");
    output.literals(block.subarray(at, at + literals));
    at += literals;
    // The last sequence ends with its literals.
    if (at === block.length) return;
    const distance = byte() + 256 * byte();
    output.copy(distance, lengthFrom(token & 15) + MIN_MATCH);
  }
}

function fail(reason: string): never {
  throw wrong(reason);
}

function wrong(reason: string): WireError {
  return new WireError(`Cannot read a record batch as lz4: ${reason}`);
}
