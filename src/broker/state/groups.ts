/**
 * All consumer groups: those that have or had members, and those that only committed offsets. Of each, what must
 * outlive a restart is kept in a journal: its protocol type, and since when nobody is in it.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import type { Clock } from "./clock.ts";
import { Deadlines } from "./deadlines.ts";
import { Group, type GroupOptions } from "./group.ts";
import type { GroupMemory } from "./group_member.ts";
import { type Change, Journal } from "./journal.ts";
import { type Storage, StorageError } from "./storage.ts";

const PATH = "journals/groups.log";
/** A longer id makes no group: it is held for as long as the group is. */
const MAX_GROUP_ID_CHARS = 4_096;

const log = logger("broker");

/** As the journal has a group: protocol type, and epoch milliseconds since when it is empty; null when it is not. */
type Line = readonly [protocolType: string, emptySinceMs: number | null];

/** What groups are kept with. */
export interface GroupsOptions extends GroupOptions {
  readonly maxGroups: number;
  /** What the members of all groups may hold. */
  readonly maxMembersBytes: number;
  /** Whether a group has committed offsets, or is about to have some. */
  readonly hasOffsets: (groupId: string) => boolean;
}

/** See the module. */
export class Groups implements Disposable {
  readonly #options: GroupsOptions;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #journal: Journal<Line>;
  readonly #groups = new Map<string, Group>();
  readonly #memory: GroupMemory = { heldBytes: 0 };
  /** What the journal has. */
  readonly #lines = new Map<string, Line>();

  /** @throws {StorageError} */
  constructor(options: GroupsOptions, clock: Clock, storage: Storage) {
    this.#options = options;
    this.#clock = clock;
    this.#deadlines = new Deadlines(clock);
    this.#journal = new Journal(storage, PATH);
  }

  /** Reads what was kept of the groups with offsets. @returns notes for the log @throws {StorageError} */
  open(groupIds: Iterable<string>): string[] {
    const notes = this.#journal.replay(parseLine, ([groupId, line]) => {
      if (line === null) this.#lines.delete(groupId);
      else this.#lines.set(groupId, line);
    });
    const nowMs = this.#clock.epochMs();
    for (const groupId of groupIds) {
      const [protocolType, emptySinceMs] = this.#lines.get(groupId) ?? [];
      // Its members are gone with the broker that they were with, and come back if they live.
      if (protocolType !== undefined) this.getOrCreate(groupId).restore(protocolType, emptySinceMs ?? nowMs);
      else this.getOrCreate(groupId);
    }
    const gone = [...this.#lines.keys()].filter((groupId) => !this.#groups.has(groupId));
    this.#keep(gone.map((groupId) => [groupId, null]));
    return notes;
  }

  get size(): number {
    return this.#groups.size;
  }

  get(groupId: string): Group | undefined {
    return this.#groups.get(groupId);
  }

  /** A group, made when it is not there. There must be room for it: {@linkcode hasRoomFor}. */
  getOrCreate(groupId: string): Group {
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      const created = new Group(
        groupId,
        this.#options,
        this.#clock,
        this.#deadlines,
        () => this.#noted(created),
        this.#memory,
      );
      this.#groups.set(groupId, group = created);
    }
    return group;
  }

  all(): Iterable<Group> {
    return this.#groups.values();
  }

  /** Whether a group is there or may be made; for that, one may be forgotten that is empty and has no offsets. */
  hasRoomFor(groupId: string): boolean {
    if (this.#groups.has(groupId)) return true;
    if (groupId.length > MAX_GROUP_ID_CHARS) return false;
    if (this.#groups.size < this.#options.maxGroups) return true;
    for (const group of this.#groups.values()) {
      if (this.isUnused(group)) return this.delete(group.groupId);
    }
    return false;
  }

  /** What the members of all groups hold: what they say of themselves, and what they are assigned. */
  get heldBytes(): number {
    return this.#memory.heldBytes;
  }

  /** Whether members may hold so many bytes more. */
  hasMemoryFor(bytes: number): boolean {
    return bytes <= 0 || this.heldBytes + bytes <= this.#options.maxMembersBytes;
  }

  /** Whether nothing would be lost with a group. */
  isUnused(group: Group): boolean {
    return group.isEmpty && !this.#options.hasOffsets(group.groupId);
  }

  delete(groupId: string): boolean {
    const group = this.#groups.get(groupId);
    if (group === undefined) return false;
    // It may yet wait for members: what comes of that is nobody's.
    group.close(ErrorCode.GROUP_ID_NOT_FOUND);
    this.#groups.delete(groupId);
    if (this.#lines.has(groupId)) this.#keep([[groupId, null]]);
    return true;
  }

  /** Makes what is kept of groups survive a power loss. @throws {StorageError} */
  sync(): Promise<void> {
    return this.#journal.sync();
  }

  /** Ends all groups: who waits is told `errorCode`. */
  close(errorCode: number): void {
    for (const group of this.#groups.values()) group.close(errorCode);
    this.#groups.clear();
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#deadlines[Symbol.dispose]();
  }

  /** Keeps a group that has another generation, where that changes what is kept. */
  #noted({ groupId, protocolType, emptySinceMs }: Group): void {
    const [keptType, keptEmptySinceMs] = this.#lines.get(groupId) ?? [];
    const line: Line = [protocolType ?? "", emptySinceMs ?? null];
    if (keptType !== line[0] || keptEmptySinceMs !== line[1]) this.#keep([[groupId, line]]);
  }

  /** A group serves on when this fails: only after a restart its offsets would expire from then on. */
  #keep(changes: readonly Change<Line>[]): void {
    for (const [groupId, line] of changes) {
      if (line === null) this.#lines.delete(groupId);
      else this.#lines.set(groupId, line);
    }
    try {
      this.#journal.append(changes);
      this.#journal.compact(this.#lines.size, () => this.#lines);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      log.error(`Cannot keep the state of groups: ${describeError(error)}`);
    }
  }
}

function parseLine(value: unknown): Line | undefined {
  if (!Array.isArray(value) || typeof value[0] !== "string") return undefined;
  return [value[0], typeof value[1] === "number" ? value[1] : null];
}
