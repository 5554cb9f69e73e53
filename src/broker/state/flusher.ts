/**
 * Group commit: one round of fsync for all that waits. What comes while a round is under way waits for the next.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { Later } from "./later.ts";

/** Syncs under way at a time: each takes a file handle of its own. */
const MAX_SYNCS = 16;

/** What can be made to survive a power loss. */
export interface Syncable {
  sync(): Promise<void>;
}

/** What could not be made safe, and why, in the system's words. */
export type SyncFaults = ReadonlyMap<Syncable, string>;

interface Round {
  readonly items: Set<Syncable>;
  readonly waiting: Later<SyncFaults>[];
}

/** See the module. */
export class Flusher {
  #next: Round = { items: new Set(), waiting: [] };
  #isRunning = false;
  readonly #onSynced: (ms: number) => void;

  /** @param onSynced told how long each round of fsync took */
  constructor(onSynced: (ms: number) => void = () => {}) {
    this.#onSynced = onSynced;
  }

  /** Completes when all that was written to `items` so far is safe, or is known not to be. */
  commit(items: Iterable<Syncable>): Later<SyncFaults> {
    const later = new Later<SyncFaults>();
    for (const item of items) this.#next.items.add(item);
    this.#next.waiting.push(later);
    if (!this.#isRunning) this.#run();
    return later;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#next.waiting.length > 0) {
      const { items, waiting } = this.#next;
      this.#next = { items: new Set(), waiting: [] };
      const startedMs = performance.now();
      const faults = await syncAll(items);
      this.#onSynced(performance.now() - startedMs);
      for (const later of waiting) later.complete(faults);
    }
    this.#isRunning = false;
  }
}

async function syncAll(items: ReadonlySet<Syncable>): Promise<SyncFaults> {
  const faults = new Map<Syncable, string>();
  const left = items.values();
  const syncOnes = async () => {
    for (const item of left) await item.sync().catch((error) => void faults.set(item, describeError(error)));
  };
  await Promise.all(Array.from({ length: MAX_SYNCS }, syncOnes));
  return faults;
}
