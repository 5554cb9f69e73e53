/**
 * Storage of which some files cannot be written, for as long as a test wants.
 *
 * @module
 */
import { MemoryStorage } from "../../src/broker/state/memory_storage.ts";
import { StorageError, type StorageFile } from "../../src/broker/state/storage.ts";

/** Refuses to replace files whose path has some text in it, and to write to them, from some append on. */
export class RefusingStorage extends MemoryStorage {
  #text: string | undefined;
  #left = 0;

  refuse(text: string, after = 0): void {
    this.#text = text;
    this.#left = after;
  }

  recover(): void {
    this.#text = undefined;
  }

  override replace(path: string, bytes: Uint8Array): void {
    if (this.#text !== undefined && path.includes(this.#text)) throw new StorageError("the disk is full");
    super.replace(path, bytes);
  }

  override open(path: string): StorageFile {
    const file = super.open(path);
    const append = file.append.bind(file);
    file.append = (bytes) => {
      const isMeant = this.#text !== undefined && path.includes(this.#text);
      if (isMeant && this.#left-- <= 0) throw new StorageError("the disk is full");
      append(bytes);
    };
    return file;
  }
}
