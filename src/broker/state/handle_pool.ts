/**
 * Open files. There are at most so many at a time: the one unused for longest is closed, and opened again when it is needed.
 *
 * @module
 */

/** Whether the system refused a change, where it may let us read. */
function isReadOnly(error: unknown): boolean {
  return error instanceof Deno.errors.PermissionDenied ||
    error instanceof Error && "code" in error && error.code === "EROFS";
}

/** An open file, and when it was last used: a count of uses of the pool. */
interface OpenFile {
  readonly handle: Deno.FsFile;
  /** Where the disk takes nothing, what is there can be read. */
  readonly isReadOnly: boolean;
  lastUse: number;
}

/** See the module. Uses are counted rather than kept in order: that would be an allocation each. */
export class HandlePool {
  readonly #max: number;
  readonly #files = new Map<string, OpenFile>();
  #uses = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** The handle of a file, to be read, its cursor anywhere. */
  get(path: string): Deno.FsFile {
    // Not made when absent: a file that was taken away is not begun anew in the middle.
    return this.#used(this.#files.get(path) ?? this.#openAsAllowed(path, false));
  }

  /** The handle of a file, to be changed; appends go to the end wherever its cursor stands. */
  writable(path: string): Deno.FsFile {
    let file = this.#files.get(path);
    if (file === undefined || file.isReadOnly) {
      this.close(path);
      file = this.#open(path, { read: true, append: true });
    }
    return this.#used(file);
  }

  /** As `get`, of a file that is made when absent. */
  create(path: string): Deno.FsFile {
    return this.#used(this.#files.get(path) ?? this.#openAsAllowed(path, true));
  }

  close(path: string): void {
    this.#files.get(path)?.handle.close();
    this.#files.delete(path);
  }

  closeWithin(folder: string): void {
    for (const path of [...this.#files.keys()]) {
      if (path.startsWith(`${folder}/`)) this.close(path);
    }
  }

  closeAll(): void {
    for (const path of [...this.#files.keys()]) this.close(path);
  }

  #used(file: OpenFile): Deno.FsFile {
    file.lastUse = ++this.#uses;
    return file.handle;
  }

  /** Opens a file to be read and, where the system lets us, to be changed. */
  #openAsAllowed(path: string, create: boolean): OpenFile {
    try {
      return this.#open(path, { read: true, append: true, create });
    } catch (error) {
      if (!isReadOnly(error)) throw error;
      return this.#open(path, { read: true });
    }
  }

  #open(path: string, options: Deno.OpenOptions): OpenFile {
    if (this.#files.size >= this.#max) this.#closeLeastUsed();
    const file = { handle: Deno.openSync(path, options), isReadOnly: options.append !== true, lastUse: 0 };
    this.#files.set(path, file);
    return file;
  }

  #closeLeastUsed(): void {
    let oldest: [path: string, lastUse: number] = ["", Infinity];
    for (const [path, { lastUse }] of this.#files) if (lastUse < oldest[1]) oldest = [path, lastUse];
    this.close(oldest[0]);
  }
}
