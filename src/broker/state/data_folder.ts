/**
 * The data folder: made when absent, held by one process at a time, of a format that this version knows.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { DataFormatError, DataLockedError } from "../errors.ts";
import { FileStorage } from "./file_storage.ts";
import { type Storage, StorageError } from "./storage.ts";

const META = "meta.json";
const LOCK = "lock";

/**
 * The format that this version writes. It reads this and older ones, and raises the folder to it.
 *
 * 1: segments alone. 2: a log's start is in its checkpoint, batches may be compacted or of transactions. 3: a segment may
 * stand for several.
 */
export const FORMAT_VERSION = 3;

/** What `meta.json` says. */
interface Meta {
  readonly formatVersion: number;
  readonly clusterId: string;
}

/** A folder that this process holds until it is disposed of. */
export class DataFolder implements Disposable {
  readonly storage: Storage;
  readonly clusterId: string;
  readonly #lock: Deno.FsFile;

  private constructor(storage: Storage, clusterId: string, lock: Deno.FsFile) {
    this.storage = storage;
    this.clusterId = clusterId;
    this.#lock = lock;
  }

  /**
   * @throws {DataLockedError} another process holds the folder
   * @throws {DataFormatError} the folder is of a newer format, or none of ours
   * @throws {StorageError} the folder cannot be made or written to
   */
  static open(folder: string, maxOpenFiles: number): DataFolder {
    const lock = openLock(folder);
    try {
      if (!lock.tryLockSync(true)) throw new DataLockedError(folder);
      const storage = new FileStorage(folder, maxOpenFiles);
      return new DataFolder(storage, readMeta(storage, folder).clusterId, lock);
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.storage[Symbol.dispose]();
    this.#lock.close();
  }
}

/** The cluster whose data lie in `folder`; undefined if there are none. Somebody may hold the folder. */
export function clusterIdOf(folder: string): string | undefined {
  try {
    return parseMeta(Deno.readTextFileSync(`${folder}/${META}`))?.clusterId;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function openLock(folder: string): Deno.FsFile {
  try {
    Deno.mkdirSync(folder, { recursive: true });
    return Deno.openSync(`${folder}/${LOCK}`, { write: true, create: true });
  } catch (cause) {
    throw new StorageError(`Cannot open the data folder '${folder}': ${describeError(cause)}`, { cause });
  }
}

function readMeta(storage: Storage, folder: string): Meta {
  const bytes = storage.readAll(META);
  if (bytes === undefined) {
    const meta: Meta = { formatVersion: FORMAT_VERSION, clusterId: newClusterId() };
    writeMeta(storage, meta);
    return meta;
  }
  const meta = parseMeta(new TextDecoder().decode(bytes));
  if (meta === undefined) {
    throw new DataFormatError(`Cannot open the data folder '${folder}': its ${META} is not readable`);
  }
  if (meta.formatVersion > FORMAT_VERSION) {
    throw new DataFormatError(
      `Cannot open the data folder '${folder}': its format ${meta.formatVersion} is newer than ${FORMAT_VERSION}, ` +
        "the newest this version knows",
    );
  }
  if (meta.formatVersion === FORMAT_VERSION) return meta;
  // Before anything else is written: an older version must not meet what it would damage.
  const raised: Meta = { ...meta, formatVersion: FORMAT_VERSION };
  writeMeta(storage, raised);
  return raised;
}

function writeMeta(storage: Storage, meta: Meta): void {
  storage.replace(META, new TextEncoder().encode(`${JSON.stringify(meta)}\n`));
}

function parseMeta(text: string): Meta | undefined {
  try {
    const { formatVersion, clusterId } = JSON.parse(text) as Record<keyof Meta, unknown>;
    return typeof formatVersion === "number" && typeof clusterId === "string"
      ? { formatVersion, clusterId }
      : undefined;
  } catch {
    return undefined;
  }
}

/** 16 random bytes in base64url, as Kafka's cluster ids are. */
export function newClusterId(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toBase64({ alphabet: "base64url", omitPadding: true });
}
