/**
 * Storage of which a power loss leaves only what was synced.
 *
 * @module
 */
import { MemoryStorage } from "../../src/broker/state/memory_storage.ts";
import type { Storage, StorageFile } from "../../src/broker/state/storage.ts";

/** See the module. */
export class PowerLossStorage implements Storage {
  readonly #memory = new MemoryStorage();
  /** Bytes of each file that are safe. */
  readonly #safe = new Map<string, number>();

  open(path: string): StorageFile {
    const file = this.#memory.open(path);
    return {
      get sizeBytes() {
        return file.sizeBytes;
      },
      append: (bytes) => file.append(bytes),
      read: (at, into) => file.read(at, into),
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      sync: () => {
        this.#safe.set(path, file.sizeBytes);
        return Promise.resolve();
      },
      close: () => file.close(),
    };
  }

  list(folder: string): string[] {
    return this.#memory.list(folder);
  }

  remove(path: string): void {
    this.#memory.remove(path);
  }

  replace(path: string, bytes: Uint8Array): void {
    this.#memory.replace(path, bytes);
    this.#safe.set(path, bytes.length);
  }

  readAll(path: string): Uint8Array | undefined {
    return this.#memory.readAll(path);
  }

  /** What the power loss leaves. */
  left(): MemoryStorage {
    const storage = new MemoryStorage();
    for (const [path, sizeBytes] of this.#safe) {
      const bytes = this.#memory.readAll(path);
      if (bytes !== undefined) storage.replace(path, bytes.subarray(0, sizeBytes));
    }
    return storage;
  }

  [Symbol.dispose](): void {
    this.#memory[Symbol.dispose]();
  }
}
