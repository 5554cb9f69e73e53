/**
 * Storage that is full when a test says so.
 *
 * @module
 */
import { type Storage, StorageError, type StorageFile } from "../state/storage.ts";

/** Storage whose appends fail, as those of a full disk do, where `isFull` says so of a path. */
export function fillable(storage: Storage, isFull: (path: string) => boolean): Storage {
  return withMethod(storage, "open", (path) => {
    const file = storage.open(path);
    return withMethod<StorageFile, "append">(file, "append", (bytes) => {
      if (isFull(path)) throw new StorageError(`Cannot append to ${path}: No space left on device`);
      file.append(bytes);
    });
  });
}

/** `target`, but for one method. */
function withMethod<T extends object, K extends keyof T>(target: T, name: K, method: T[K]): T {
  return new Proxy(target, {
    get(from, key) {
      if (key === name) return method;
      const value: unknown = Reflect.get(from, key, from);
      return typeof value === "function" ? value.bind(from) : value;
    },
  });
}
