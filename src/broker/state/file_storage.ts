/**
 * Storage in a folder.
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import { FolderSyncs, syncFolder } from "./folder_syncs.ts";
import { HandlePool } from "./handle_pool.ts";
import { type Storage, StorageError, type StorageFile } from "./storage.ts";

/**
 * How long a removed file may go unnoticed: it takes bytes as before, and loses them. A look costs as much as a small
 * write (1.3 µs), so that one for each write would be felt; one a millisecond is not.
 */
const CHECK_INTERVAL_MS = 1;

/** Runs `action`, and says what was tried on which file when the system refuses. */
function attempt<T>(what: string, path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    if (cause instanceof StorageError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StorageError(`Cannot ${what} '${path}': ${reason}`, { cause });
  }
}

class DiskFile implements StorageFile {
  sizeBytes: number;
  readonly #path: string;
  readonly #pool: HandlePool;
  readonly #folders: FolderSyncs;
  /** Whether an append that failed may have left bytes behind `sizeBytes`. */
  #isTorn = false;
  #checkedAtMs = -Infinity;

  constructor(path: string, pool: HandlePool, folders: FolderSyncs) {
    this.#path = path;
    this.#pool = pool;
    this.#folders = folders;
    this.sizeBytes = attempt("open", path, () => pool.create(path).statSync().size);
  }

  append(bytes: Uint8Array): void {
    try {
      // Nothing is ever written behind a half of something.
      if (this.#isTorn) this.#cutBack();
      this.#isTorn = true;
      const handle = this.#pool.writable(this.#path);
      let done = handle.writeSync(bytes);
      while (done < bytes.length) done += handle.writeSync(bytes.subarray(done));
      // Behind the write: what was removed before it is seen.
      if (performance.now() - this.#checkedAtMs > CHECK_INTERVAL_MS) this.#expectName(handle);
      this.#isTorn = false;
    } catch (cause) {
      this.#tryToCutBack();
      const reason = cause instanceof Error ? cause.message : String(cause);
      if (cause instanceof StorageError) throw cause;
      throw new StorageError(`Cannot append to '${this.#path}': ${reason}`, { cause });
    }
    this.sizeBytes += bytes.length;
  }

  read(at: number, into: Uint8Array): number {
    return attempt("read", this.#path, () => {
      const handle = this.#pool.get(this.#path);
      handle.seekSync(at, Deno.SeekMode.Start);
      let done = 0;
      while (done < into.length) {
        const n = handle.readSync(done === 0 ? into : into.subarray(done));
        if (n === null) break;
        done += n;
      }
      return done;
    });
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes >= this.sizeBytes) return;
    attempt("truncate", this.#path, () => this.#pool.writable(this.#path).truncateSync(sizeBytes));
    this.sizeBytes = sizeBytes;
  }

  async sync(): Promise<void> {
    // A handle of its own: while an asynchronous call is under way on a handle, its synchronous calls are refused.
    try {
      using handle = await Deno.open(this.#path, { write: true });
      await handle.syncData();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StorageError(`Cannot sync '${this.#path}': ${reason}`, { cause });
    }
    // Only now: the file may have been replaced, and what was synced be the new one.
    await this.#folders.sync(dirname(this.#path));
  }

  check(): void {
    attempt("look at", this.#path, () => this.#expectName(this.#pool.get(this.#path)));
  }

  close(): void {
    this.#pool.close(this.#path);
  }

  #expectName(handle: Deno.FsFile): void {
    const isThere = handle.statSync().nlink !== 0;
    // Once gone, it is looked at each time.
    this.#checkedAtMs = isThere ? performance.now() : -Infinity;
    if (!isThere) throw new StorageError(`Cannot use '${this.#path}': the file was removed`);
  }

  /** Takes away what a failed append may have left, so that the file ends with a whole batch again. */
  #cutBack(): void {
    this.#pool.writable(this.#path).truncateSync(this.sizeBytes);
    this.#isTorn = false;
  }

  #tryToCutBack(): void {
    try {
      this.#cutBack();
    } catch {
      // The disk refuses this too: the next append tries again, or recovery cuts the torn tail.
    }
  }
}

/** See the module. */
export class FileStorage implements Storage {
  readonly #root: string;
  readonly #pool: HandlePool;
  readonly #folders: FolderSyncs;

  /**
   * @param root the data folder, which is there already
   * @param sync what makes the names in a folder safe
   */
  constructor(root: string, maxOpenFiles: number, sync = syncFolder) {
    this.#root = root;
    this.#pool = new HandlePool(maxOpenFiles);
    this.#folders = new FolderSyncs(root, sync);
  }

  get location(): string {
    return resolve(this.#root);
  }

  open(path: string): StorageFile {
    const full = this.#full(path);
    this.#folders.changed(dirname(full));
    try {
      return new DiskFile(full, this.#pool, this.#folders);
    } catch (error) {
      if (!(error instanceof StorageError && error.cause instanceof Deno.errors.NotFound)) throw error;
    }
    attempt("create", full, () => Deno.mkdirSync(dirname(full), { recursive: true }));
    return new DiskFile(full, this.#pool, this.#folders);
  }

  list(folder: string): string[] {
    try {
      return [...Deno.readDirSync(this.#full(folder))].map((entry) => entry.name);
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) return [];
      throw new StorageError(`Cannot list '${this.#full(folder)}': ${String(cause)}`, { cause });
    }
  }

  remove(path: string): void {
    const full = this.#full(path);
    this.#pool.close(full);
    this.#pool.closeWithin(full);
    this.#folders.forget(full);
    this.#folders.changed(dirname(full));
    try {
      Deno.removeSync(full, { recursive: true });
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) return;
      throw new StorageError(`Cannot remove '${full}': ${String(cause)}`, { cause });
    }
  }

  replace(path: string, bytes: Uint8Array): void {
    const full = this.#full(path);
    this.#pool.close(full);
    this.#folders.changed(dirname(full));
    attempt("replace", full, () => {
      Deno.mkdirSync(dirname(full), { recursive: true });
      {
        using file = Deno.openSync(`${full}.new`, { write: true, create: true, truncate: true });
        let done = 0;
        while (done < bytes.length) done += file.writeSync(bytes.subarray(done));
        file.syncDataSync();
      }
      Deno.renameSync(`${full}.new`, full);
    });
  }

  rename(from: string, to: string): void {
    for (const path of [from, to]) this.#pool.close(this.#full(path));
    this.#folders.changed(dirname(this.#full(from)));
    this.#folders.changed(dirname(this.#full(to)));
    attempt("rename", this.#full(from), () => Deno.renameSync(this.#full(from), this.#full(to)));
  }

  readAll(path: string): Uint8Array | undefined {
    const full = this.#full(path);
    try {
      return Deno.readFileSync(full);
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) return undefined;
      throw new StorageError(`Cannot read '${full}': ${String(cause)}`, { cause });
    }
  }

  syncNames(folder: string): Promise<void> {
    return this.#folders.sync(this.#full(folder));
  }

  [Symbol.dispose](): void {
    this.#pool.closeAll();
  }

  #full(path: string): string {
    return path === "" ? this.#root : `${this.#root}/${path}`;
  }
}
