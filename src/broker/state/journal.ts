/**
 * A small durable map, kept as the list of its changes: one line each, `<crc32c in hex> [key, value]\n`, where the value
 * null removes. The file is written anew, compactly, when most of its lines are of the past; one with damaged lines is
 * kept beside it, under `<name>.damaged`.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { crc32c } from "../../wire/crc32c.ts";
import { type Storage, StorageError, type StorageFile } from "./storage.ts";

const log = logger("broker");

/** Lines, and bytes, of the past that are not worth a rewrite. */
const SPARE_LINES = 10_000;
const SPARE_BYTES = 64 * 1024 * 1024;
const CRC_DIGITS = 8;
const NEWLINE = 10;

/** A change: what a key stands for from now on, or null for nothing. `Value` is plain JSON. */
export type Change<Value> = readonly [key: string, value: Value | null];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** See the module. Who uses it holds the map; the journal only keeps it. */
export class Journal<Value> {
  readonly #storage: Storage;
  readonly #path: string;
  #file: StorageFile;
  #lines = 0;
  #damagedLines = 0;
  /** So many lines are kept after a rewrite that failed, and bytes after any. */
  #keptLines = 0;
  #keptBytes = 0;
  /** Whether something was written that may not survive a power loss. What lay there at the start is synced once. */
  #isDirty = true;
  /** The last sync, under way or done. */
  #synced = Promise.resolve();

  /** Opens a journal, made when absent. @throws {StorageError} */
  constructor(storage: Storage, path: string) {
    this.#storage = storage;
    this.#path = path;
    this.#file = storage.open(path);
  }

  /**
   * Reads all changes. To be called once, first. A line that a crash left half written is cut off.
   *
   * @param parse checks what a line holds; undefined for what it does not understand
   * @returns for the log: what could not be read
   * @throws {StorageError}
   */
  replay(parse: (value: unknown) => Value | undefined, onChange: (change: Change<Value>) => void): string[] {
    const bytes = new Uint8Array(this.#file.sizeBytes);
    this.#file.read(0, bytes);
    const notes: string[] = [];
    let at = 0;
    while (at < bytes.length) {
      const end = bytes.indexOf(NEWLINE, at);
      if (end < 0) {
        notes.push(`'${this.#path}' ends within a line; cut ${bytes.length - at} bytes`);
        this.#file.truncate(at);
        break;
      }
      const change = parseLine(bytes.subarray(at, end), parse);
      if (change === undefined) {
        this.#damagedLines++;
        notes.push(`'${this.#path}' has a line at byte ${at} that is not whole; left out`);
      } else onChange(change);
      this.#lines++;
      at = end + 1;
    }
    return notes;
  }

  /** Writes changes, in one step. @throws {StorageError} nothing was written */
  append(changes: readonly Change<Value>[]): void {
    if (changes.length === 0) return;
    this.#isDirty = true;
    this.#file.append(encodeLines(changes));
    this.#lines += changes.length;
  }

  /**
   * Writes the file anew when that is worth while. `size` is the map's, `entries` all that is in it. Where the disk refuses,
   * the file stays as it is: all is in it, and what was appended has been taken.
   */
  compact(size: number, entries: () => Iterable<Change<Value>>): void {
    const isLong = this.#lines > Math.max(2 * size, this.#keptLines) + SPARE_LINES;
    if (!isLong && this.#file.sizeBytes <= 2 * this.#keptBytes + SPARE_BYTES) return;
    try {
      this.#rewrite([...entries()]);
      this.#lines = size;
      this.#keptLines = 0;
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      log.error(`Cannot write '${this.#path}' anew, it goes on as it is: ${describeError(error)}`);
      this.#keptLines = this.#lines;
    }
    this.#keptBytes = this.#file.sizeBytes;
  }

  /** Makes what was written survive a power loss. @throws {StorageError} */
  sync(): Promise<void> {
    // What is clean may only be about to be safe, or known not to be.
    if (this.#isDirty) this.#synced = this.#sync();
    return this.#synced;
  }

  async #sync(): Promise<void> {
    this.#isDirty = false;
    try {
      await this.#file.sync();
    } catch (error) {
      this.#isDirty = true;
      throw error;
    }
  }

  #rewrite(changes: readonly Change<Value>[]): void {
    if (this.#damagedLines > 0) {
      this.#storage.replace(`${this.#path}.damaged`, this.#storage.readAll(this.#path) ?? new Uint8Array());
      this.#damagedLines = 0;
    }
    this.#storage.replace(this.#path, encodeLines(changes));
    this.#file = this.#storage.open(this.#path);
  }
}

function encodeLines<Value>(changes: readonly Change<Value>[]): Uint8Array {
  return encoder.encode(
    changes.map((change) => {
      const text = JSON.stringify(change);
      return `${crc32c(encoder.encode(text)).toString(16).padStart(CRC_DIGITS, "0")} ${text}\n`;
    }).join(""),
  );
}

function parseLine<Value>(
  line: Uint8Array,
  parse: (value: unknown) => Value | undefined,
): Change<Value> | undefined {
  const body = line.subarray(CRC_DIGITS + 1);
  if (crc32c(body) !== Number.parseInt(decoder.decode(line.subarray(0, CRC_DIGITS)), 16)) return undefined;
  const change: unknown = JSON.parse(decoder.decode(body));
  if (!Array.isArray(change) || typeof change[0] !== "string") return undefined;
  if (change[1] === null) return [change[0], null];
  const value = parse(change[1]);
  return value === undefined ? undefined : [change[0], value];
}
