/**
 * Takes the bytes of a connection as they come, and gives them in frames. A frame that lies whole in what came is given
 * where it lies, without a copy.
 *
 * @module
 */
import { WireError } from "../base/errors.ts";
import { FRAME_SIZE_BYTES } from "../wire/frame.ts";

const FIRST_BYTES = 4 * 1024;
const NOTHING = new Uint8Array();

/** See the module. */
export class ReceiveBuffer {
  #minFrameBytes: number;
  #maxFrameBytes: number;
  #bytes: Uint8Array = NOTHING;
  #start = 0;
  #end = 0;
  /** Whether `#bytes` is ours to write to, or what came last. */
  #isOwn = false;

  constructor(minFrameBytes: number, maxFrameBytes: number) {
    this.#minFrameBytes = minFrameBytes;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes that are there and not given yet. */
  get pendingBytes(): number {
    return this.#end - this.#start;
  }

  /** Memory of its own. */
  get heldBytes(): number {
    return this.#isOwn ? this.#bytes.length : 0;
  }

  /** Frames from now on are of these sizes. */
  expect(minFrameBytes: number, maxFrameBytes: number): void {
    this.#minFrameBytes = minFrameBytes;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Takes what came. It belongs to the buffer until the frames in it are handled. */
  push(chunk: Uint8Array): void {
    if (this.#start === this.#end) {
      this.#bytes = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      this.#isOwn = false;
      return;
    }
    this.#makeRoom(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /**
   * The next whole frame, without its size; undefined when there is none yet. Good until the next push.
   *
   * @throws {WireError} if the size is none that a request has
   */
  next(): Uint8Array | undefined {
    const available = this.#end - this.#start;
    if (available < FRAME_SIZE_BYTES) return undefined;
    const size = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#start).getInt32(0);
    if (size < this.#minFrameBytes || size > this.#maxFrameBytes) {
      throw new WireError(
        `Cannot take a request of ${size} bytes: it has from ${this.#minFrameBytes} to ${this.#maxFrameBytes}`,
      );
    }
    if (available < FRAME_SIZE_BYTES + size) return undefined;
    const at = this.#start + FRAME_SIZE_BYTES;
    this.#start = at + size;
    return this.#bytes.subarray(at, this.#start);
  }

  /** To be called when there is no more whole frame: lets go of memory that is not needed for what is left. */
  settle(): void {
    if (this.#start < this.#end) return;
    this.#bytes = NOTHING;
    this.#isOwn = false;
    this.#start = this.#end = 0;
  }

  /** Room behind what is left, grown as it fills: never by what a size field says alone. */
  #makeRoom(more: number): void {
    const left = this.#end - this.#start;
    if (!this.#isOwn || left + more > this.#bytes.length) {
      let capacity = FIRST_BYTES;
      while (capacity < left + more) capacity *= 2;
      const grown = new Uint8Array(capacity);
      grown.set(this.#bytes.subarray(this.#start, this.#end));
      this.#bytes = grown;
      this.#isOwn = true;
    } else if (this.#end + more > this.#bytes.length) {
      this.#bytes.copyWithin(0, this.#start, this.#end);
    } else {
      return;
    }
    this.#start = 0;
    this.#end = left;
  }
}
