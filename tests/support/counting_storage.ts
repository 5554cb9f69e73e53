/**
 * Storage that counts what is read of it.
 *
 * @module
 */
import type { Storage, StorageFile } from "../../src/broker/state/storage.ts";

/** See the module. The storage below it stays the caller's. */
export class CountingStorage implements Storage {
  /** Bytes read since it was set. */
  readBytes = 0;
  readonly location = "counting";
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  open(path: string): StorageFile {
    const file = this.#storage.open(path);
    return {
      get sizeBytes() {
        return file.sizeBytes;
      },
      append: (bytes) => file.append(bytes),
      read: (at, into) => {
        const n = file.read(at, into);
        this.readBytes += n;
        return n;
      },
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      check: () => file.check(),
      sync: () => file.sync(),
      close: () => file.close(),
    };
  }

  list(folder: string): string[] {
    return this.#storage.list(folder);
  }

  remove(path: string): void {
    this.#storage.remove(path);
  }

  replace(path: string, bytes: Uint8Array): void {
    this.#storage.replace(path, bytes);
  }

  rename(from: string, to: string): void {
    this.#storage.rename(from, to);
  }

  readAll(path: string): Uint8Array | undefined {
    const bytes = this.#storage.readAll(path);
    this.readBytes += bytes?.length ?? 0;
    return bytes;
  }

  syncNames(folder: string): Promise<void> {
    return this.#storage.syncNames(folder);
  }

  [Symbol.dispose](): void {}
}
