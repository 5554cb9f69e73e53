/**
 * Words that are due later. They are kept in the butler's memory, so a restart delivers them all the same. The instance
 * that took a reminder on delivers it; should it be gone, another one does a little later.
 *
 * @module
 */
import { describeError } from "../../../base/errors.ts";
import type { Memory } from "./memory.ts";

/** What a reminder's key in the memory begins with. */
const PREFIX = "reminder:";
/** How long the others leave a due reminder to the instance that took it on. */
const GRACE_MS = 2_000;
/** A failed delivery is tried again after this. */
const RETRY_MS = 1_000;
/** The longest a timer can wait; a later reminder is looked at again then. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** One reminder, as the memory holds it. */
export interface Reminder {
  readonly to: string;
  readonly text: string;
  readonly dueAtMs: number;
  /** The instance that took it on. */
  readonly instance: string;
}

/** What {@linkcode Reminders} works with. */
export interface RemindersOptions {
  readonly instance: string;
  /** Sends the words, one way. */
  readonly deliver: (reminder: Reminder) => Promise<void>;
  readonly onTrouble: (message: string) => void;
}

/** See the module. */
export class Reminders implements Disposable {
  readonly #options: RemindersOptions;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #memory: Memory | undefined;
  #closed = false;

  constructor(options: RemindersOptions) {
    this.#options = options;
  }

  /** From now on reminders are kept there, and delivered. */
  begin(memory: Memory): void {
    this.#memory = memory;
    for (const [key, value] of memory.entries(PREFIX)) this.changed(key, value);
  }

  /** Takes a reminder on. `id` is the request's, so that one asked for twice is one. */
  async add(id: string, reminder: Omit<Reminder, "instance">): Promise<void> {
    await this.#memory?.set(`${PREFIX}${id}`, { ...reminder, instance: this.#options.instance });
  }

  /** The memory has changed. */
  changed(key: string, value: unknown): void {
    if (!key.startsWith(PREFIX) || this.#memory === undefined || this.#closed) return;
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    if (!isReminder(value)) return;
    const graceMs = value.instance === this.#options.instance ? 0 : GRACE_MS;
    this.#wait(key, value, value.dueAtMs + graceMs);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #wait(key: string, reminder: Reminder, atMs: number): void {
    const inMs = Math.min(Math.max(0, atMs - Date.now()), MAX_TIMER_MS);
    this.#timers.set(
      key,
      setTimeout(() => {
        if (Date.now() < atMs) this.#wait(key, reminder, atMs);
        else void this.#deliver(key, reminder);
      }, inMs),
    );
  }

  /** Sent first, forgotten after: rather twice than never. */
  async #deliver(key: string, reminder: Reminder): Promise<void> {
    try {
      await this.#options.deliver(reminder);
      await this.#memory?.forget(key);
    } catch (error) {
      if (this.#closed) return;
      this.#options.onTrouble(`A reminder for ${reminder.to} is not delivered yet: ${describeError(error)}`);
      this.#wait(key, reminder, Date.now() + RETRY_MS);
    }
  }
}

function isReminder(value: unknown): value is Reminder {
  return typeof value === "object" && value !== null &&
    "to" in value && typeof value.to === "string" &&
    "text" in value && typeof value.text === "string" &&
    "dueAtMs" in value && typeof value.dueAtMs === "number" &&
    "instance" in value && typeof value.instance === "string";
}
