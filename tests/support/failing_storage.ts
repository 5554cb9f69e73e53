/**
 * Storage that fails for good after so many changes: what it left is what a crash at that point leaves.
 *
 * @module
 */
import { type Storage, StorageError, type StorageFile } from "../../src/broker/state/storage.ts";

/** See the module. The storage below it stays the caller's. */
export class FailingStorage implements Storage {
  readonly location = "failing";
  /** Changes that may still be made. */
  changesLeft: number;
  readonly #storage: Storage;

  constructor(storage: Storage, changesLeft: number) {
    this.#storage = storage;
    this.changesLeft = changesLeft;
  }

  open(path: string): StorageFile {
    this.#check();
    const file = this.#storage.open(path);
    return {
      get sizeBytes() {
        return file.sizeBytes;
      },
      append: (bytes) => {
        this.#count();
        file.append(bytes);
      },
      read: (at, into) => file.read(at, into),
      truncate: (sizeBytes) => {
        this.#count();
        file.truncate(sizeBytes);
      },
      check: () => file.check(),
      sync: () => {
        this.#check();
        return file.sync();
      },
      close: () => file.close(),
    };
  }

  list(folder: string): string[] {
    return this.#storage.list(folder);
  }

  remove(path: string): void {
    this.#count();
    this.#storage.remove(path);
  }

  replace(path: string, bytes: Uint8Array): void {
    this.#count();
    this.#storage.replace(path, bytes);
  }

  rename(from: string, to: string): void {
    this.#count();
    this.#storage.rename(from, to);
  }

  readAll(path: string): Uint8Array | undefined {
    return this.#storage.readAll(path);
  }

  syncNames(folder: string): Promise<void> {
    this.#check();
    return this.#storage.syncNames(folder);
  }

  [Symbol.dispose](): void {}

  #count(): void {
    this.#check();
    this.changesLeft--;
  }

  #check(): void {
    if (this.changesLeft <= 0) throw new StorageError("The storage has crashed");
  }
}
