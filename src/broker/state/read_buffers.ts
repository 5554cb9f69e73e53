/**
 * Memory for large reads, used again once what was read has been sent. Made anew for each fetch, it would be garbage of a
 * megabyte that the collector counts as pressure: it then collects the whole heap every few fetches.
 *
 * @module
 */

/** Holds a partition's usual share of a fetch, 1 MiB, and a batch that is a little larger. */
const BUFFER_BYTES = (1024 + 64) * 1024;
/** Less than this is not worth a buffer. */
const MIN_BYTES = 64 * 1024;
/** Buffers that are kept while nobody needs them. */
const MAX_FREE = 8;

/** See the module. A buffer that is never given back is the collector's. */
export class ReadBuffers {
  readonly #free: ArrayBuffer[] = [];
  readonly #lent = new WeakSet<ArrayBufferLike>();

  /** So many bytes to read into; what they hold is of no meaning. They begin where their buffer does. */
  take(sizeBytes: number): Uint8Array<ArrayBuffer> {
    if (sizeBytes < MIN_BYTES || sizeBytes > BUFFER_BYTES) return new Uint8Array(sizeBytes);
    const buffer = this.#free.pop() ?? new ArrayBuffer(BUFFER_BYTES);
    this.#lent.add(buffer);
    return new Uint8Array(buffer, 0, sizeBytes);
  }

  /** Whether the bytes, or those that they are a part of, are to be given back. */
  isLent(bytes: Uint8Array): boolean {
    return this.#lent.has(bytes.buffer);
  }

  /** Takes the memory of the bytes back: nobody may look at them any more. Nothing happens if they are not from here. */
  giveBack({ buffer }: Uint8Array): void {
    if (!(buffer instanceof ArrayBuffer) || !this.#lent.delete(buffer)) return;
    if (this.#free.length < MAX_FREE) this.#free.push(buffer);
  }
}

/** Of all brokers of this thread. */
export const readBuffers = new ReadBuffers();
