/**
 * Where the broker keeps its bytes: a folder of append-only files, or memory. Paths are relative, with `/`.
 *
 * @module
 */

/** A file that grows at its end. Reads and appends are synchronous: what was appended is the kernel's. */
export interface StorageFile {
  readonly sizeBytes: number;
  /**
   * Writes `bytes` at the end, all or nothing.
   *
   * @throws {StorageError} when the disk is full, gone or read-only
   */
  append(bytes: Uint8Array): void;
  /** Fills `into` from `at` as far as the file goes. @returns the number of bytes read */
  read(at: number, into: Uint8Array): number;
  /** Cuts the file to its first `sizeBytes` bytes. */
  truncate(sizeBytes: number): void;
  /** Resolves when all that was appended so far would survive a power loss, and be found under its name. */
  sync(): Promise<void>;
  /** @throws {StorageError} when the file is no more under its name: what is appended would be lost with it */
  check(): void;
  /** Ends the use of the file; it stays. */
  close(): void;
}

/** A place for files. */
export interface Storage extends Disposable {
  /** Where it is, for people: the folder's absolute path. */
  readonly location: string;
  /** Opens a file, made when absent, with the folders on the way to it. */
  open(path: string): StorageFile;
  /** Names in a folder, in no order; none when it is absent. */
  list(folder: string): string[];
  /** Removes a file, or a folder with all in it; nothing happens when it is absent. */
  remove(path: string): void;
  /** Puts `bytes` in place of the file's content, in one step: a crash leaves the old or the new. */
  replace(path: string, bytes: Uint8Array): void;
  /** Gives a file another name, in one step, in the place of one that may have it. Neither may be in use. */
  rename(from: string, to: string): void;
  /** The whole of a small file, undefined when it is absent. */
  readAll(path: string): Uint8Array | undefined;
  /** Resolves when what was made, replaced or removed in a folder so far would survive a power loss. */
  syncNames(folder: string): Promise<void>;
}

/** The disk did not do what was asked; `cause` has the system's words. */
export class StorageError extends Error {
  override readonly name: string = "StorageError";
}

/** What lies on the disk is not what was written: trying again is no use. */
export class DamageError extends StorageError {
  override readonly name = "DamageError";
}
