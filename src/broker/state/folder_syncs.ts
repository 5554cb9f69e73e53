/**
 * Makes names survive a power loss: a file that is synced keeps its bytes, but not the name that they are found by. That
 * is in its folder, whose own name is in the next one, up to the root of the file system.
 *
 * @module
 */
import { dirname } from "node:path";
import { StorageError } from "./storage.ts";

/** Makes the names in one folder safe. */
export type SyncFolder = (folder: string) => Promise<void>;

/** See the module. A folder is synced when it is asked for, and not again until a name in it appears, changes or goes. */
export class FolderSyncs {
  readonly #root: string;
  readonly #syncFolder: SyncFolder;
  /** Of each folder, the sync since its last change: under way or done. */
  readonly #syncs = new Map<string, Promise<void>>();

  /** @param root the data folder. Those above it never change, but it may have been made with some of them. */
  constructor(root: string, syncFolder: SyncFolder) {
    this.#root = root;
    this.#syncFolder = syncFolder;
  }

  /** A name in `folder` appeared, changed or went; the folder itself may be new, and those above it. */
  changed(folder: string): void {
    for (const one of withThoseAbove(folder)) {
      this.#syncs.delete(one);
      if (one === this.#root) return;
    }
  }

  /** Forgets a folder that is gone, and all in it. */
  forget(folder: string): void {
    for (const one of this.#syncs.keys()) {
      if (one === folder || one.startsWith(`${folder}/`)) this.#syncs.delete(one);
    }
  }

  /** Resolves when the names in `folder`, and its own, would survive a power loss. @throws {StorageError} */
  async sync(folder: string): Promise<void> {
    await Promise.all(withThoseAbove(folder).map((one) => this.#once(one)));
  }

  #once(folder: string): Promise<void> {
    let sync = this.#syncs.get(folder);
    if (sync === undefined) {
      sync = this.#run(folder);
      this.#syncs.set(folder, sync);
      sync.catch(() => {
        if (this.#syncs.get(folder) === sync) this.#syncs.delete(folder);
      });
    }
    return sync;
  }

  async #run(folder: string): Promise<void> {
    try {
      await this.#syncFolder(folder);
    } catch (cause) {
      // What has been removed meanwhile has no names to keep.
      if (cause instanceof Deno.errors.NotFound) return;
      // Above ours there are folders that we may not open, or of file systems that are never written: none that we made.
      if (folder !== this.#root && !folder.startsWith(`${this.#root}/`)) return;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StorageError(`Cannot sync the folder '${folder}': ${reason}`, { cause });
    }
  }
}

/** fsync of a folder. On Windows there is no such thing, and nothing is done: as in Kafka (Utils.flushDir). */
export async function syncFolder(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using handle = await Deno.open(folder, { read: true });
  await handle.sync();
}

function withThoseAbove(folder: string): string[] {
  const folders = [folder];
  for (let above = dirname(folder); above !== folder; above = dirname(folder)) folders.push(folder = above);
  return folders;
}
