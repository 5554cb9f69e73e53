/**
 * All consumer groups that have or had members since the start. Groups that only have committed offsets are in
 * {@linkcode CommittedOffsets}.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import { Deadlines } from "./deadlines.ts";
import { Group, type GroupOptions } from "./group.ts";

/** See the module. */
export class Groups implements Disposable {
  readonly #options: GroupOptions;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #groups = new Map<string, Group>();

  constructor(options: GroupOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#deadlines = new Deadlines(clock);
  }

  get size(): number {
    return this.#groups.size;
  }

  get(groupId: string): Group | undefined {
    return this.#groups.get(groupId);
  }

  getOrCreate(groupId: string): Group {
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      group = new Group(groupId, this.#options, this.#clock, this.#deadlines);
      this.#groups.set(groupId, group);
    }
    return group;
  }

  all(): Iterable<Group> {
    return this.#groups.values();
  }

  /** Makes room by forgetting a group that nobody is in. @returns whether one was found */
  forgetAnEmptyOne(): boolean {
    for (const [groupId, group] of this.#groups) {
      if (group.isEmpty) return this.#groups.delete(groupId);
    }
    return false;
  }

  delete(groupId: string): boolean {
    return this.#groups.delete(groupId);
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
}
