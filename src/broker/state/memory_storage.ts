/**
 * Storage in memory, for tests and `--memory`.
 *
 * @module
 */
import { type Storage, StorageError, type StorageFile } from "./storage.ts";

const FIRST_CHUNK_BYTES = 1024;
const LAST_CHUNK_BYTES = 256 * 1024;

/** Bytes in chunks that grow with the file, so that a small file is small and a large one is never copied. */
class MemoryFile implements StorageFile {
  sizeBytes = 0;
  readonly #chunks: Uint8Array[] = [];
  readonly #starts: number[] = [];
  #capacity = 0;

  append(bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length) {
      if (this.sizeBytes === this.#capacity) this.#grow(bytes.length - done);
      const last = this.#chunkAt(this.sizeBytes);
      const chunk = this.#chunks[last] ?? new Uint8Array();
      const from = this.sizeBytes - (this.#starts[last] ?? 0);
      const n = Math.min(chunk.length - from, bytes.length - done);
      chunk.set(bytes.subarray(done, done + n), from);
      this.sizeBytes += n;
      done += n;
    }
  }

  read(at: number, into: Uint8Array): number {
    const end = Math.min(this.sizeBytes, at + into.length);
    let position = at;
    for (let i = this.#chunkAt(at); position < end; i++) {
      const chunk = this.#chunks[i] ?? new Uint8Array();
      const from = position - (this.#starts[i] ?? 0);
      const n = Math.min(chunk.length - from, end - position);
      into.set(chunk.subarray(from, from + n), position - at);
      position += n;
    }
    return Math.max(0, position - at);
  }

  truncate(sizeBytes: number): void {
    this.sizeBytes = Math.min(sizeBytes, this.sizeBytes);
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  check(): void {}

  close(): void {}

  /** The chunk that holds the byte at `position`. */
  #chunkAt(position: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #grow(atLeast: number): void {
    const wanted = Math.min(LAST_CHUNK_BYTES, Math.max(FIRST_CHUNK_BYTES, this.#capacity));
    const chunk = new Uint8Array(Math.max(wanted, Math.min(atLeast, LAST_CHUNK_BYTES)));
    this.#chunks.push(chunk);
    this.#starts.push(this.#capacity);
    this.#capacity += chunk.length;
  }
}

/** See the module. What one opens is what a later `open` of the same path finds. */
export class MemoryStorage implements Storage {
  readonly location = "memory";
  readonly #files = new Map<string, MemoryFile>();

  open(path: string): StorageFile {
    let file = this.#files.get(path);
    if (file === undefined) {
      file = new MemoryFile();
      this.#files.set(path, file);
    }
    return file;
  }

  list(folder: string): string[] {
    const prefix = `${folder}/`;
    const names = new Set<string>();
    for (const path of this.#files.keys()) {
      if (path.startsWith(prefix)) names.add(path.slice(prefix.length).split("/", 1)[0] ?? "");
    }
    return [...names];
  }

  remove(path: string): void {
    this.#files.delete(path);
    const prefix = `${path}/`;
    for (const other of [...this.#files.keys()]) {
      if (other.startsWith(prefix)) this.#files.delete(other);
    }
  }

  replace(path: string, bytes: Uint8Array): void {
    const file = new MemoryFile();
    file.append(bytes);
    this.#files.set(path, file);
  }

  rename(from: string, to: string): void {
    const file = this.#files.get(from);
    if (file === undefined) throw new StorageError(`Cannot rename '${from}': it is not there`);
    this.#files.delete(from);
    this.#files.set(to, file);
  }

  readAll(path: string): Uint8Array | undefined {
    const file = this.#files.get(path);
    if (file === undefined) return undefined;
    const bytes = new Uint8Array(file.sizeBytes);
    file.read(0, bytes);
    return bytes;
  }

  syncNames(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.dispose](): void {
    this.#files.clear();
  }
}
