/**
 * Storage of which a power loss leaves only what was synced: of a file its bytes, of a folder its names.
 *
 * @module
 */
import { MemoryStorage } from "../../src/broker/state/memory_storage.ts";
import type { Storage, StorageFile } from "../../src/broker/state/storage.ts";

/** See the module. */
export class PowerLossStorage implements Storage {
  readonly location = "power loss";
  readonly #memory = new MemoryStorage();
  /** What is safe of each file. */
  readonly #safe = new Map<string, Uint8Array>();
  readonly #renames: (readonly [from: string, to: string])[] = [];

  open(path: string): StorageFile {
    const file = this.#memory.open(path);
    return {
      get sizeBytes() {
        return file.sizeBytes;
      },
      append: (bytes) => file.append(bytes),
      read: (at, into) => file.read(at, into),
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      check: () => file.check(),
      sync: () => {
        this.#settleNames();
        const bytes = this.#memory.readAll(path);
        if (bytes !== undefined) this.#safe.set(path, bytes);
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

  /** The new content is safe, but not that the name stands for it. */
  replace(path: string, bytes: Uint8Array): void {
    this.#memory.replace(path, bytes);
  }

  /** Until the names are synced, the power loss leaves both files as they were. */
  rename(from: string, to: string): void {
    this.#memory.rename(from, to);
    this.#renames.push([from, to]);
  }

  readAll(path: string): Uint8Array | undefined {
    return this.#memory.readAll(path);
  }

  /** What is gone from the folder is so for good. */
  syncNames(folder: string): Promise<void> {
    this.#settleNames();
    const names = new Set(this.#memory.list(folder));
    for (const path of this.#safe.keys()) {
      if (!path.startsWith(`${folder}/`)) continue;
      if (!names.has(path.slice(folder.length + 1).split("/", 1)[0] ?? "")) this.#safe.delete(path);
    }
    return Promise.resolve();
  }

  /** What a kill of the process leaves: all. */
  kept(): MemoryStorage {
    return this.#memory;
  }

  /** What the power loss leaves. */
  left(): MemoryStorage {
    const storage = new MemoryStorage();
    for (const [path, bytes] of this.#safe) storage.replace(path, bytes);
    return storage;
  }

  /** What the power loss leaves, for another life. */
  afterPowerLoss(): PowerLossStorage {
    const next = new PowerLossStorage();
    for (const [path, bytes] of this.#safe) {
      next.#memory.replace(path, bytes);
      next.#safe.set(path, bytes);
    }
    return next;
  }

  #settleNames(): void {
    for (const [from, to] of this.#renames.splice(0)) {
      const bytes = this.#safe.get(from);
      this.#safe.delete(from);
      if (bytes !== undefined) this.#safe.set(to, bytes);
    }
  }

  [Symbol.dispose](): void {
    this.#memory[Symbol.dispose]();
  }
}
